#include "exact/quantised.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/vector.h"
#include "exact/digits.h"
#include "exact/grow.h"

/* x + 1.5 · 2^52 − 1.5 · 2^52 is x rounded half to even, for |x| ≤ 2^51: as rint, but vectorisable on any CPU. */
static const double ROUNDER = 0x1.8p52;

/* Without its sign bit an IEEE number orders like an integer: the maximum of |x| needs no floating point. */
static inline int64_t magnitude_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & INT64_MAX;
}

VECTORISED
static void raise_dense(const double *restrict row, int64_t n, int64_t *restrict largest)
{
    for (int64_t j = 0; j < n; j++) {
        int64_t magnitude = magnitude_of(row[j]);
        largest[j] = magnitude > largest[j] ? magnitude : largest[j];
    }
}

static void raise_sparse(const struct rows *rows, int64_t *largest)
{
    for (int64_t e = 0; e < rows->start[rows->n_row]; e++) {
        int64_t magnitude = magnitude_of(rows->value[e]), *present = &largest[rows->column[e]];
        *present = magnitude > *present ? magnitude : *present;
    }
}

void quantised_measure(const struct rows *rows, int *exponent)
{
    int64_t *largest = memory_allocate(rows->n_column, sizeof *largest);
    if (rows_are_dense(rows)) {
        for (int64_t i = 0; i < rows->n_row; i++)
            raise_dense(rows->dense + i * rows->n_column, rows->n_column, largest);
    } else {
        raise_sparse(rows, largest);
    }
    for (int64_t j = 0; j < rows->n_column; j++) {
        double value;
        memcpy(&value, &largest[j], sizeof value);
        ASSERT(isfinite(value));
        int least = QUANTISED_NO_EXPONENT;
        if (value > 0)
            frexp(value, &least);
        exponent[j] = least > exponent[j] ? least : exponent[j];
    }
    memory_free(largest);
}

void quantised_init(struct quantised *matrix, int n_digit, int64_t n_column, const int *exponent, bool is_sparse)
{
    ASSERT(n_digit >= 1 && n_digit <= MAX_DIGITS && n_column >= 0 && n_column <= INT32_MAX);
    *matrix = (struct quantised){.n_column = n_column, .n_digit = n_digit};
    matrix->exponent = memory_allocate(n_column, sizeof *matrix->exponent);
    matrix->factor = memory_allocate(n_column, sizeof *matrix->factor);
    const int lowest = DBL_MIN_EXP - 2 + 7 * n_digit; /* scale 2^(lowest + 1 − 7d) = 2^-1022 */
    for (int64_t j = 0; j < n_column; j++) {
        ASSERT(exponent[j] >= QUANTISED_NO_EXPONENT && exponent[j] <= DBL_MAX_EXP);
        int e = exponent[j] > lowest ? exponent[j] : lowest;
        matrix->exponent[j] = exponent[j] == QUANTISED_NO_EXPONENT ? 0 : e;
        matrix->factor[j] = ldexp(1, 7 * n_digit - 1 - matrix->exponent[j]);
    }
    if (is_sparse) {
        matrix->start = memory_allocate(1, sizeof *matrix->start);
        matrix->start_end = 1;
    }
    quantised_reserve(matrix, 0, 0);
}

void quantised_clear(struct quantised *matrix)
{
    memory_free(matrix->exponent);
    memory_free(matrix->factor);
    memory_free(matrix->dense);
    memory_free(matrix->start);
    memory_free(matrix->column);
    memory_free(matrix->q);
    *matrix = (struct quantised){0};
}

void quantised_reserve(struct quantised *matrix, int64_t n_row, int64_t n_entry)
{
    ASSERT(n_row >= 0 && n_entry >= 0);
    if (quantised_is_dense(matrix)) {
        ASSERT(matrix->n_column == 0 || n_row <= INT64_MAX / matrix->n_column);
        matrix->dense = grow(matrix->dense, matrix->n_row * matrix->n_column, n_row * matrix->n_column,
                             sizeof *matrix->dense, &matrix->capacity);
        return;
    }
    const int64_t used = matrix->start[matrix->n_row];
    int64_t capacity = matrix->capacity; /* the two lists of entries grow alike */
    matrix->column = grow(matrix->column, used, n_entry, sizeof *matrix->column, &capacity);
    matrix->q = grow(matrix->q, used, n_entry, sizeof *matrix->q, &matrix->capacity);
    matrix->start = grow(matrix->start, matrix->n_row + 1, n_row + 1, sizeof *matrix->start, &matrix->start_end);
}

/* What does not fit would be undefined as an integer. */
static inline bool is_outside(double scaled, double limit)
{
    return !(fabs(scaled) <= limit);
}

static inline int32_t nearest(double scaled)
{
    return (int32_t)(scaled + ROUNDER - ROUNDER);
}

VECTORISED
static int64_t count_outside(const double *restrict x, const double *restrict factor, int64_t n, double limit)
{
    int64_t count = 0;
    for (int64_t j = 0; j < n; j++)
        count += is_outside(x[j] * factor[j], limit);
    return count;
}

VECTORISED
static void quantise(const double *restrict x, const double *restrict factor, int64_t n, int32_t *restrict q)
{
    for (int64_t j = 0; j < n; j++)
        q[j] = nearest(x[j] * factor[j]);
}

/* The largest |q|. */
static double limit_of(const struct quantised *matrix)
{
    return (double)(1 << (7 * matrix->n_digit - 1));
}

/* One entry of a sparse row; nothing when it rounds to zero. */
static void add_entry(struct quantised *matrix, int32_t column, double x)
{
    int64_t *end = &matrix->start[matrix->n_row];
    double scaled = x * matrix->factor[column];
    ASSERT(!is_outside(scaled, limit_of(matrix)));
    int32_t q = nearest(scaled);
    if (q == 0)
        return;
    matrix->column[*end] = column;
    matrix->q[(*end)++] = q;
}

static void append_to_sparse(struct quantised *matrix, const struct rows *rows)
{
    const bool is_dense = rows_are_dense(rows);
    for (int64_t i = 0; i < rows->n_row; i++) {
        const int64_t first = is_dense ? i * rows->n_column : rows->start[i];
        const int64_t end = is_dense ? first + rows->n_column : rows->start[i + 1];
        /* What a dense row may add is not known before: room grows as for the worst. */
        int64_t n_row = matrix->n_row + (is_dense ? 1 : rows->n_row - i);
        quantised_reserve(matrix, n_row, matrix->start[matrix->n_row] + end - first);
        matrix->n_row++;
        matrix->start[matrix->n_row] = matrix->start[matrix->n_row - 1];
        for (int64_t e = first; e < end; e++)
            add_entry(matrix, is_dense ? (int32_t)(e - first) : rows->column[e],
                      is_dense ? rows->dense[e] : rows->value[e]);
    }
}

static void append_to_dense(struct quantised *matrix, const struct rows *rows)
{
    const int64_t n = matrix->n_column;
    double *scratch = rows_are_dense(rows) ? NULL : memory_allocate(n, sizeof *scratch);
    quantised_reserve(matrix, matrix->n_row + rows->n_row, 0);
    for (int64_t i = 0; i < rows->n_row; i++, matrix->n_row++) {
        const double *row = scratch;
        if (rows_are_dense(rows))
            row = rows->dense + i * n;
        else
            rows_get(rows, i, scratch);
        ASSERT(count_outside(row, matrix->factor, n, limit_of(matrix)) == 0);
        quantise(row, matrix->factor, n, matrix->dense + matrix->n_row * n);
    }
    memory_free(scratch);
}

void quantised_append(struct quantised *matrix, const struct rows *rows)
{
    ASSERT(rows->n_column == matrix->n_column);
    if (quantised_is_dense(matrix))
        append_to_dense(matrix, rows);
    else
        append_to_sparse(matrix, rows);
}

double quantised_scale(const struct quantised *matrix, int64_t j)
{
    ASSERT(j >= 0 && j < matrix->n_column);
    return ldexp(1, matrix->exponent[j] + 1 - 7 * matrix->n_digit);
}

void quantised_row(const struct quantised *matrix, int64_t i, double *out)
{
    ASSERT(i >= 0 && i < matrix->n_row);
    if (quantised_is_dense(matrix)) {
        const int32_t *row = matrix->dense + i * matrix->n_column;
        for (int64_t j = 0; j < matrix->n_column; j++)
            out[j] = row[j] / matrix->factor[j];
        return;
    }
    memset(out, 0, (size_t)matrix->n_column * sizeof *out);
    for (int64_t e = matrix->start[i]; e < matrix->start[i + 1]; e++)
        out[matrix->column[e]] = matrix->q[e] / matrix->factor[matrix->column[e]];
}
