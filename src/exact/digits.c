#include "exact/digits.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/wide.h"

_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, "rounding to the grid wants float arithmetic in float");

enum {
    PIECE = 256, /* columns at a time: their integers stay in the first-level cache, and 256 · 2^54 fits uint64_t */
    ALIGNED = 64 /* memory_allocate rounds up to this */
};

/* x + 1.5 · 2^p − 1.5 · 2^p, with p the number of mantissa bits, is x rounded half to even, for |x| ≤ 2^(p − 1): as
 * rint, but vectorisable on the plainest CPU. */
static const float FLOAT_ROUNDER = 0x1.8p23F;
static const double DOUBLE_ROUNDER = 0x1.8p52;

void digits_init(struct digits *digits, int n_digit, int64_t n_row, int64_t n_column)
{
    ASSERT(n_digit >= 1 && n_digit <= MAX_DIGITS);
    ASSERT(n_row >= 0 && n_column >= 0 && digits_bytes(n_digit, n_row, n_column) < INT64_MAX);
    *digits = (struct digits){.n_digit = n_digit, .n_row = n_row, .n_column = n_column};
    for (int j = 0; j < n_digit; j++)
        digits->plane[j] = memory_allocate(n_row * n_column, 1);
    if (n_digit == 2)
        digits->sum = memory_allocate(n_row * n_column, 1);
    digits->exponent = memory_allocate(n_row, sizeof *digits->exponent);
}

void digits_clear(struct digits *digits)
{
    for (int j = 0; j < MAX_DIGITS; j++)
        memory_free(digits->plane[j]);
    memory_free(digits->sum);
    memory_free(digits->exponent);
    *digits = (struct digits){0};
}

int64_t digits_bytes(int n_digit, int64_t n_row, int64_t n_column)
{
    const int64_t limit = INT64_MAX / 16;
    if (n_row > limit / (n_column > 0 ? n_column : 1) || n_row > limit / (int64_t)sizeof(int))
        return INT64_MAX;
    int64_t plane = n_row * n_column / ALIGNED * ALIGNED + ALIGNED;
    int64_t exponents = n_row * (int64_t)sizeof(int) / ALIGNED * ALIGNED + ALIGNED;
    return (n_digit + (n_digit == 2)) * plane + exponents;
}

struct digits digits_rows(const struct digits *digits, int64_t row, int64_t n)
{
    ASSERT(row >= 0 && n >= 0 && row <= digits->n_row - n);
    struct digits rows = *digits;
    rows.n_row = n;
    rows.exponent += row;
    for (int j = 0; j < digits->n_digit; j++)
        rows.plane[j] += row * digits->n_column;
    if (rows.sum != NULL)
        rows.sum += row * digits->n_column;
    return rows;
}

/* A most significant digit in [−64, 64] and another in [−64, 63] add up to a byte. */
VECTORISED
static void add_up(const int8_t *restrict a, const int8_t *restrict b, int64_t n, int8_t *restrict sum)
{
    for (int64_t k = 0; k < n; k++)
        sum[k] = (int8_t)(a[k] + b[k]);
}

void digits_add_up(struct digits *digits)
{
    if (digits->sum != NULL)
        add_up(digits->plane[0], digits->plane[1], digits->n_row * digits->n_column, digits->sum);
}

/* Without its sign bit an IEEE number orders like an integer: the maximum of |x| needs no floating point. */
VECTORISED
static double largest_float(const float *x, int64_t n)
{
    int32_t largest = 0;
    for (int64_t k = 0; k < n; k++) {
        int32_t bits;
        memcpy(&bits, x + k, sizeof bits);
        bits &= INT32_MAX;
        largest = bits > largest ? bits : largest;
    }
    float value;
    memcpy(&value, &largest, sizeof value);
    return value;
}

VECTORISED
static double largest_double(const double *x, int64_t n)
{
    int64_t largest = 0;
    for (int64_t k = 0; k < n; k++) {
        int64_t bits;
        memcpy(&bits, x + k, sizeof bits);
        bits &= INT64_MAX;
        largest = bits > largest ? bits : largest;
    }
    double value;
    memcpy(&value, &largest, sizeof value);
    return value;
}

static int exponent_of(double largest, int n_digit)
{
    ASSERT(isfinite(largest));
    if (largest == 0)
        return 0;
    int exponent, lowest = DBL_MIN_EXP - 2 + 7 * n_digit; /* scale 2^(lowest + 1 − 7d) = 2^-1022 */
    frexp(largest, &exponent);
    return exponent > lowest ? exponent : lowest;
}

/* q = round(x · scale).  The product is exact: it only underflows where q is 0 anyway. */
VECTORISED
static void round_floats(const float *restrict x, int n, float scale, int32_t *restrict q)
{
    for (int k = 0; k < n; k++)
        q[k] = (int32_t)(x[k] * scale + FLOAT_ROUNDER - FLOAT_ROUNDER);
}

VECTORISED
static void round_doubles(const double *restrict x, int n, double scale, int32_t *restrict q)
{
    for (int k = 0; k < n; k++)
        q[k] = (int32_t)(x[k] * scale + DOUBLE_ROUNDER - DOUBLE_ROUNDER);
}

VECTORISED
static void round_widened(const float *restrict x, int n, double scale, int32_t *restrict q)
{
    for (int k = 0; k < n; k++)
        q[k] = (int32_t)((double)x[k] * scale + DOUBLE_ROUNDER - DOUBLE_ROUNDER);
}

/* Takes the least significant digit, in [−64, 63], off each q; the quotient is exact. */
VECTORISED
static void take_digit(int32_t *restrict q, int n, int8_t *restrict digit)
{
    for (int k = 0; k < n; k++) {
        int32_t s = ((q[k] + 64) & 127) - 64;
        digit[k] = (int8_t)s;
        q[k] = (q[k] - s) / 128;
    }
}

VECTORISED
static void store_top_digit(const int32_t *restrict q, int n, int8_t *restrict digit)
{
    for (int k = 0; k < n; k++)
        digit[k] = (int8_t)q[k];
}

/* What is left of |q| ≤ 2^(7d − 1) after d − 1 digits is in [−64, 64]: the most significant digit. */
static void store_piece(struct digits *digits, int64_t offset, int32_t *restrict q, int n)
{
    for (int j = digits->n_digit - 1; j > 0; j--)
        take_digit(q, n, digits->plane[j] + offset);
    store_top_digit(q, n, digits->plane[0] + offset);
    if (digits->sum != NULL)
        add_up(digits->plane[0] + offset, digits->plane[1] + offset, n, digits->sum + offset);
}

static int piece_length(int64_t n_column, int64_t first)
{
    return (int)(n_column - first < PIECE ? n_column - first : PIECE);
}

void digits_set(struct digits *digits, int64_t row, int64_t n, const float *values)
{
    ASSERT(row >= 0 && n >= 0 && row <= digits->n_row - n);
    int32_t q[PIECE];
    for (int64_t i = row; i < row + n; i++, values += digits->n_column) {
        digits->exponent[i] = exponent_of(largest_float(values, digits->n_column), digits->n_digit);
        int shift = 7 * digits->n_digit - 1 - digits->exponent[i];
        /* Float arithmetic holds when q fits its rounder and the scale is a normal float. */
        bool in_float = digits->n_digit <= 3 && shift < FLT_MAX_EXP;
        double scale = ldexp(1, shift);
        for (int64_t k = 0; k < digits->n_column; k += PIECE) {
            int length = piece_length(digits->n_column, k);
            if (in_float)
                round_floats(values + k, length, (float)scale, q);
            else
                round_widened(values + k, length, scale, q);
            store_piece(digits, i * digits->n_column + k, q, length);
        }
    }
}

void digits_set_double(struct digits *digits, int64_t row, int64_t n, const double *values)
{
    ASSERT(row >= 0 && n >= 0 && row <= digits->n_row - n);
    int32_t q[PIECE];
    for (int64_t i = row; i < row + n; i++, values += digits->n_column) {
        digits->exponent[i] = exponent_of(largest_double(values, digits->n_column), digits->n_digit);
        double scale = ldexp(1, 7 * digits->n_digit - 1 - digits->exponent[i]);
        for (int64_t k = 0; k < digits->n_column; k += PIECE) {
            int length = piece_length(digits->n_column, k);
            round_doubles(values + k, length, scale, q);
            store_piece(digits, i * digits->n_column + k, q, length);
        }
    }
}

double digits_scale(const struct digits *digits, int64_t row)
{
    ASSERT(row >= 0 && row < digits->n_row);
    return ldexp(1, digits->exponent[row] + 1 - 7 * digits->n_digit);
}

/* Σ a[k] b[k] of at most SQUARE_PIECE digits: |Σ| ≤ 2^16 · 2^12 fits int32. */
enum { SQUARE_PIECE = 1 << 16 };

VECTORISED
static int32_t dot_digits(const int8_t *restrict a, const int8_t *restrict b, int n)
{
    int32_t sum = 0;
    for (int k = 0; k < n; k++)
        sum += (int32_t)a[k] * b[k];
    return sum;
}

/* Σ_k a[k] b[k] of two planes' rows. */
static int64_t dot_planes(const struct digits *digits, int a, int b, int64_t row)
{
    const int8_t *from_a = digits->plane[a] + row * digits->n_column;
    const int8_t *from_b = digits->plane[b] + row * digits->n_column;
    int64_t sum = 0;
    for (int64_t k = 0; k < digits->n_column; k += SQUARE_PIECE) {
        int64_t left = digits->n_column - k;
        sum += dot_digits(from_a + k, from_b + k, (int)(left < SQUARE_PIECE ? left : SQUARE_PIECE));
    }
    return sum;
}

double digits_square(const struct digits *digits, int64_t row)
{
    ASSERT(row >= 0 && row < digits->n_row);
    /* Horner's rule over the weights: Σ q² = Σ_p 128^p Σ over pairs of planes whose weights multiply to 128^p. */
    int last = digits->n_digit - 1;
    struct wide_integer total = {0};
    for (int power = 2 * last; power >= 0; power--) {
        int64_t sum = 0;
        for (int a = 0; a <= last; a++) {
            int b = 2 * last - power - a;
            if (b >= a && b <= last)
                sum += (a == b ? 1 : 2) * dot_planes(digits, a, b, row);
        }
        wide_integer_shift(&total, 7);
        wide_integer_add(&total, sum);
    }
    return ldexp(wide_integer_to_double(total), 2 * (digits->exponent[row] + 1 - 7 * digits->n_digit));
}
