/* Every number must become the nearest integer on its column's grid, ties to even, whether the rows come dense or
 * sparse and in whatever pieces; the grid must be the finest that holds the column. */
#include <math.h>

#include "aborts.h"
#include "base/memory.h"
#include "check.h"
#include "exact/quantised.h"
#include "exact/random.h"

enum { N_ROW = 40, N_COLUMN = 100 }; /* the widths of vectors do not divide it */

/* Columns of all sizes: 0 is zeros, 1 the smallest number, 2 close to the largest, 3 powers of two, 4 ties. */
static double number(int64_t i, int64_t j)
{
    uint64_t state = (uint64_t)(i * 1000 + j);
    double even = random_double(&state);
    if (j == 0 || random_bits(&state) % 4 == 0)
        return 0;
    if (j == 1)
        return i % 2 ? 0x1p-1074 : -0x1p-1074;
    if (j == 2)
        return even * 0x1p1022;
    if (j == 3)
        return ldexp(1, (int)(i % 7));
    if (j == 4)
        return (double)(i - 20) / 2 + 64;
    return ldexp(even, (int)(j % 50) - 25);
}

static void make(struct rows *rows, int64_t first, int64_t n, bool is_sparse)
{
    int32_t column[N_COLUMN];
    double value[N_COLUMN];
    if (is_sparse)
        rows_init_sparse(rows, N_COLUMN);
    else
        rows_init_dense(rows, n, N_COLUMN);
    for (int64_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < N_COLUMN; j++) {
            column[j] = j;
            value[j] = number(first + i, j);
        }
        if (is_sparse)
            rows_add(rows, N_COLUMN, column, value);
        else
            memcpy(rows->dense + i * N_COLUMN, value, sizeof value);
    }
}

static void measure(int *exponent, int64_t piece, bool is_sparse)
{
    for (int64_t j = 0; j < N_COLUMN; j++)
        exponent[j] = QUANTISED_NO_EXPONENT;
    for (int64_t first = 0; first < N_ROW; first += piece) {
        struct rows rows;
        make(&rows, first, N_ROW - first < piece ? N_ROW - first : piece, is_sparse);
        quantised_measure(&rows, exponent);
        rows_clear(&rows);
    }
}

static void check_exponents(void)
{
    int all[N_COLUMN], other[N_COLUMN];
    measure(all, N_ROW, false);
    for (int64_t j = 0; j < N_COLUMN; j++) {
        double largest = 0;
        for (int64_t i = 0; i < N_ROW; i++)
            largest = fmax(largest, fabs(number(i, j)));
        if (largest == 0)
            CHECK(j == 0 && all[j] == QUANTISED_NO_EXPONENT);
        else
            CHECK(largest / 2 < ldexp(1, all[j] - 1) && largest >= ldexp(1, all[j] - 1));
    }
    CHECK(all[1] == -1073 && all[3] == 7);
    for (int64_t piece = 1; piece < N_ROW; piece += 6) {
        measure(other, piece, false);
        CHECK(memcmp(all, other, sizeof all) == 0);
        measure(other, piece, true);
        CHECK(memcmp(all, other, sizeof all) == 0);
    }
}

/* The integer of x, in long double, whose 64 bits hold x · 2^shift − k exactly for all candidates k. */
static bool is_nearest(double x, int shift, int32_t q)
{
    long double difference = fabsl(ldexpl(x, shift) - q);
    return difference < 0.5L || (difference == 0.5L && q % 2 == 0);
}

static int32_t integer(const struct quantised *matrix, int64_t i, int64_t j)
{
    if (quantised_is_dense(matrix))
        return matrix->dense[i * N_COLUMN + j];
    for (int64_t e = matrix->start[i]; e < matrix->start[i + 1]; e++)
        if (matrix->column[e] == j)
            return matrix->q[e];
    return 0;
}

static void check_integers(const struct quantised *matrix, const int *exponent)
{
    double row[N_COLUMN];
    const int d = matrix->n_digit;
    CHECK(matrix->n_row == N_ROW);
    for (int64_t i = 0; i < N_ROW; i++) {
        quantised_row(matrix, i, row);
        for (int64_t j = 0; j < N_COLUMN; j++) {
            int e = exponent[j] == QUANTISED_NO_EXPONENT ? 0 : exponent[j];
            e = e < 7 * d - 1023 ? 7 * d - 1023 : e; /* scales stay normal */
            int32_t q = integer(matrix, i, j);
            CHECK(matrix->exponent[j] == e);
            CHECK(is_nearest(number(i, j), 7 * d - 1 - e, q));
            CHECK(row[j] == ldexp(q, e + 1 - 7 * d));
            CHECK(quantised_scale(matrix, j) == ldexp(1, e + 1 - 7 * d) && isnormal(quantised_scale(matrix, j)));
        }
    }
    for (int64_t e = 0; matrix->start != NULL && e < matrix->start[N_ROW]; e++)
        CHECK(matrix->q[e] != 0);
}

static void check_append(int n_digit, int64_t piece, bool is_sparse, bool from_sparse)
{
    int exponent[N_COLUMN];
    struct quantised matrix;
    measure(exponent, N_ROW, false);
    quantised_init(&matrix, n_digit, N_COLUMN, exponent, is_sparse);
    quantised_reserve(&matrix, piece % 2 ? N_ROW : 0, piece % 2 ? N_ROW * N_COLUMN : 0);
    for (int64_t first = 0; first < N_ROW; first += piece) {
        struct rows rows;
        make(&rows, first, N_ROW - first < piece ? N_ROW - first : piece, from_sparse);
        quantised_append(&matrix, &rows);
        rows_clear(&rows);
    }
    check_integers(&matrix, exponent);
    quantised_clear(&matrix);
}

/* Room that was made must not be made again. */
static void check_reserve(void)
{
    int exponent[N_COLUMN];
    struct rows rows;
    struct quantised dense, sparse;
    measure(exponent, N_ROW, false);
    make(&rows, 0, N_ROW, true);
    quantised_init(&dense, 2, N_COLUMN, exponent, false);
    quantised_init(&sparse, 2, N_COLUMN, exponent, true);
    quantised_reserve(&dense, N_ROW, 0);
    quantised_reserve(&sparse, N_ROW, rows.start[N_ROW]);
    const int32_t *there = dense.dense, *q = sparse.q;
    const int64_t *start = sparse.start;
    quantised_append(&dense, &rows);
    quantised_append(&sparse, &rows);
    CHECK(dense.dense == there && sparse.q == q && sparse.start == start);
    CHECK(dense.capacity == N_ROW * N_COLUMN && sparse.capacity == rows.start[N_ROW]);
    rows_clear(&rows);
    quantised_clear(&dense);
    quantised_clear(&sparse);
}

/* |x| just below 2^e rounds up to 2^(7d − 1), and is still an integer of the grid. */
static void check_largest(void)
{
    const int exponent = 3;
    for (int d = 1; d <= 4; d++) {
        struct rows rows;
        struct quantised matrix;
        rows_init_dense(&rows, 2, 1);
        rows.dense[0] = nextafter(8, 0);
        rows.dense[1] = -nextafter(8, 0);
        quantised_init(&matrix, d, 1, &exponent, false);
        quantised_append(&matrix, &rows);
        CHECK(matrix.dense[0] == 1 << (7 * d - 1) && matrix.dense[1] == -(1 << (7 * d - 1)));
        rows_clear(&rows);
        quantised_clear(&matrix);
    }
}

/* ---- what is refused ---- */

static void append(double value, bool is_sparse)
{
    const int exponent = 3;
    const int32_t column = 0;
    struct rows rows;
    struct quantised matrix;
    rows_init_sparse(&rows, 1);
    rows_add(&rows, 1, &column, &value);
    quantised_init(&matrix, 2, 1, &exponent, is_sparse);
    quantised_append(&matrix, &rows);
}

static void append_too_large(void)
{
    append(8.01, false);
}

static void append_too_large_sparse(void)
{
    append(-8.01, true);
}

static void append_nan(void)
{
    append(NAN, false);
}

static void append_nan_sparse(void)
{
    append(NAN, true);
}

static void measure_value(double value)
{
    int exponent = QUANTISED_NO_EXPONENT;
    struct rows rows;
    rows_init_dense(&rows, 1, 1);
    rows.dense[0] = value;
    quantised_measure(&rows, &exponent);
}

static void measure_infinity(void)
{
    measure_value(-INFINITY);
}

static void measure_nan(void)
{
    measure_value(NAN);
}

static void init_five_digits(void)
{
    struct quantised matrix;
    quantised_init(&matrix, 5, 0, NULL, false);
}

static void append_other_width(void)
{
    const int exponent = 0;
    struct rows rows;
    struct quantised matrix;
    rows_init_dense(&rows, 1, 2);
    quantised_init(&matrix, 1, 1, &exponent, false);
    quantised_append(&matrix, &rows);
}

static void check_refusals(void)
{
    void (*const calls[])(void) = {append_too_large,  append_too_large_sparse, append_nan,
                                   append_nan_sparse, measure_infinity,        measure_nan,
                                   init_five_digits,  append_other_width};
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
        CHECK(aborts(calls[c]));
}

int main(void)
{
    check_exponents();
    for (int d = 1; d <= 4; d++)
        for (int kinds = 0; kinds < 4; kinds++)
            for (int64_t piece = 1; piece <= N_ROW; piece += 13)
                check_append(d, piece, kinds & 1, kinds & 2);
    check_reserve();
    check_largest();
    check_refusals();
    return check_end();
}
