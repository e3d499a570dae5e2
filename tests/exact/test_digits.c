/* Digits are the integers nearest to x on the row's grid, ties to even, and none exceeds 64: for every number of
 * digits, from subnormal to largest. */
#include "exact/digits.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "exact/aborts.h"
#include "exact/random.h"

_Static_assert(LDBL_MANT_DIG >= 64, "the reference rounds in a wider format");

static int64_t integer_at(const struct digits *digits, int64_t i, int64_t k)
{
    int64_t q = 0;
    for (int j = 0; j < digits->n_digit; j++)
        q = q * 128 + digits->plane[j][i * digits->n_column + k];
    return q;
}

/* Every property that the header promises, of one row; the reference is rounded by the C library in long double. */
static bool row_is_right(const struct digits *digits, int64_t i, const double *x)
{
    double most = 0;
    bool right = true;
    for (int64_t k = 0; k < digits->n_column; k++)
        most = fmax(most, fabs(x[k]));
    int exponent = digits->exponent[i], lowest = 7 * digits->n_digit - 1023;
    right = right && (most == 0 ? exponent == 0 : (long double)most < ldexpl(1, exponent));
    right = right && (most == 0 || exponent == lowest || (long double)most >= ldexpl(1, exponent - 1));
    right = right && (most == 0 || exponent >= lowest);
    right = right && digits_scale(digits, i) == ldexp(1, exponent + 1 - 7 * digits->n_digit);
    right = right && isnormal(digits_scale(digits, i));
    int64_t limit = (int64_t)1 << (7 * digits->n_digit - 1);
    for (int64_t k = 0; k < digits->n_column; k++) {
        long double scaled = ldexpl(x[k], 7 * digits->n_digit - 1 - exponent);
        int64_t q = integer_at(digits, i, k);
        right = right && (long double)q == nearbyintl(scaled) && q <= limit && q >= -limit;
        for (int j = 0; j < digits->n_digit; j++)
            right = right && abs(digits->plane[j][i * digits->n_column + k]) <= 64;
    }
    return right;
}

enum { N_ROW = 24, N_COLUMN = 259 }; /* 259: a whole piece of columns, and a short one */

/* Rows of every kind: even, of very mixed sizes, ties, one entry, zeros, the ends of the type's range. */
static void make_rows(double *x, int lowest, int highest, uint64_t seed)
{
    for (int64_t i = 0; i < N_ROW; i++)
        for (int64_t k = 0; k < N_COLUMN; k++) {
            double even = random_double(&seed), *at = x + i * N_COLUMN + k;
            int place = (int)random_integer(&seed, 0, 40);
            switch (i % 8) {
                case 0:
                    *at = even;
                    break;
                case 1:
                    *at = ldexp(even, -place);
                    break;
                case 2: /* halves on every grid up to 2^13 */
                    *at = k == 0 ? 0.75 : ldexp((double)(2 * place - 41), -1 - 7 * (int)(1 + k % 2));
                    break;
                case 3:
                    *at = k == i ? -even : k % 2 ? -0.0 : 0.0;
                    break;
                case 4:
                    *at = i == 4 ? 0 : ldexp(even, highest);
                    break;
                case 5:
                    *at = ldexp(even, k == 0 ? lowest + 12 : lowest + 10 - place / 4);
                    break;
                case 6: /* just below a power of two: rounds up to the largest integer */
                    *at = (k % 2 ? -1 : 1) * (1 - ldexp(1, k % 3 ? -24 : -4));
                    break;
                default:
                    *at = ldexp(k % 2 ? -1 : 1, k == 0 ? highest - 1 : lowest);
                    break;
            }
        }
}

static void test_doubles(int n_digit)
{
    double *x = memory_allocate(N_ROW * N_COLUMN, sizeof *x);
    make_rows(x, DBL_MIN_EXP - DBL_MANT_DIG, DBL_MAX_EXP, 1 + (uint64_t)n_digit);
    struct digits digits;
    digits_init(&digits, n_digit, N_ROW, N_COLUMN);
    digits_set_double(&digits, 0, N_ROW, x);
    for (int64_t i = 0; i < N_ROW; i++)
        CHECK(row_is_right(&digits, i, x + i * N_COLUMN));
    digits_clear(&digits);
    memory_free(x);
}

/* Floats give what the same numbers give as doubles, and the reference, too. */
static void test_floats(int n_digit)
{
    double *x = memory_allocate(N_ROW * N_COLUMN, sizeof *x);
    float *single = memory_allocate(N_ROW * N_COLUMN, sizeof *single);
    make_rows(x, FLT_MIN_EXP - FLT_MANT_DIG, FLT_MAX_EXP - 1, 11 + (uint64_t)n_digit);
    x[4 * N_COLUMN] = FLT_MAX;
    x[5 * N_COLUMN] = FLT_TRUE_MIN;
    for (int64_t k = 0; k < N_ROW * N_COLUMN; k++)
        x[k] = single[k] = (float)x[k];
    struct digits digits, same;
    digits_init(&digits, n_digit, N_ROW, N_COLUMN);
    digits_init(&same, n_digit, N_ROW, N_COLUMN);
    digits_set(&digits, 0, N_ROW, single);
    digits_set_double(&same, 0, N_ROW, x);
    for (int64_t i = 0; i < N_ROW; i++)
        CHECK(row_is_right(&digits, i, x + i * N_COLUMN));
    for (int j = 0; j < n_digit; j++)
        CHECK(memcmp(digits.plane[j], same.plane[j], N_ROW * N_COLUMN) == 0);
    CHECK(memcmp(digits.exponent, same.exponent, N_ROW * sizeof(int)) == 0);
    CHECK((digits.sum != NULL) == (n_digit == 2));
    for (int64_t k = 0; k < N_ROW * N_COLUMN && n_digit == 2; k++)
        CHECK(digits.sum[k] == digits.plane[0][k] + digits.plane[1][k] && same.sum[k] == digits.sum[k]);
    digits_clear(&digits);
    digits_clear(&same);
    memory_free(x);
    memory_free(single);
}

/* Every integer that a grid holds comes back, through its digits. */
static void test_all_integers(void)
{
    for (int n_digit = 1; n_digit <= 2; n_digit++) {
        int limit = 1 << (7 * n_digit - 1), n = 2 * limit + 1;
        float *x = memory_allocate(n, sizeof *x);
        for (int k = 0; k < n; k++)
            x[k] = (float)(k - limit) / (float)limit;
        x[0] = x[n - 1] = 1 - FLT_EPSILON / 2; /* rounds to the limit */
        struct digits digits;
        digits_init(&digits, n_digit, 1, n);
        digits_set(&digits, 0, 1, x);
        bool right = digits.exponent[0] == 0;
        for (int k = 1; k < n; k++)
            right = right && integer_at(&digits, 0, k) == k - limit;
        CHECK(right && integer_at(&digits, 0, 0) == limit && digits.plane[0][0] == 64);
        digits_clear(&digits);
        memory_free(x);
    }
}

static void test_some_rows(void)
{
    const float first[] = {1, 2, 3}, other[] = {-4, 5, 0, 0, 0, 0.5F};
    struct digits digits;
    digits_init(&digits, 2, 4, 3);
    digits_set(&digits, 0, 1, first);
    digits_set(&digits, 2, 2, other);
    digits_set(&digits, 1, 0, NULL);
    CHECK(digits.exponent[0] == 2 && digits.exponent[1] == 0 && digits.exponent[2] == 3 && digits.exponent[3] == 0);
    CHECK(integer_at(&digits, 0, 2) == 3 * 2048 && integer_at(&digits, 1, 2) == 0);
    CHECK(integer_at(&digits, 2, 0) == -4 * 1024 && integer_at(&digits, 3, 2) == 4096);
    digits_clear(&digits);
    CHECK(digits.plane[0] == NULL && digits.n_row == 0);
}

static void test_square(void)
{
    uint64_t seed = 5;
    for (int n_digit = 1; n_digit <= MAX_DIGITS; n_digit++) {
        enum { N = 1000 };
        double x[N];
        for (int k = 0; k < N; k++)
            x[k] = ldexp(random_double(&seed), -300);
        struct digits digits;
        digits_init(&digits, n_digit, 3, N);
        digits_set_double(&digits, 1, 1, x);
        __extension__ unsigned __int128 square = 0;
        for (int k = 0; k < N; k++)
            square += (unsigned long)(integer_at(&digits, 1, k) * integer_at(&digits, 1, k));
        CHECK(digits_square(&digits, 1) == (double)square * digits_scale(&digits, 1) * digits_scale(&digits, 1));
        CHECK(digits_square(&digits, 0) == 0 && !signbit(digits_square(&digits, 2)));
        x[17] = DBL_MAX;
        digits_set_double(&digits, 0, 1, x);
        CHECK(digits_square(&digits, 0) == INFINITY);
        memset(digits.plane[0], 64, 3 * N); /* the largest that digits can say */
        for (int j = 1; j < n_digit; j++)
            memset(digits.plane[j], 64, 3 * N);
        digits.exponent[2] = 7 * n_digit - 1;
        double q = 64 * (ldexp(1, 7 * n_digit) - 1) / 127;
        CHECK(digits_square(&digits, 2) == (double)((long double)q * q * N));
        digits_clear(&digits);
    }
}

static void test_bytes(void)
{
    CHECK(digits_bytes(2, 10, 100) == 3 * 1024 + 64);
    CHECK(digits_bytes(3, 10, 100) == 3 * 1024 + 64);
    CHECK(digits_bytes(1, 0, 0) == 128);
    CHECK(digits_bytes(4, 1 << 20, 1 << 20) == 4 * ((INT64_C(1) << 40) + 64) + (4 << 20) + 64);
    CHECK(digits_bytes(4, INT64_C(1) << 32, INT64_C(1) << 32) == INT64_MAX);
    CHECK(digits_bytes(1, INT64_MAX, 1) == INT64_MAX);
    CHECK(digits_bytes(1, INT64_MAX, 0) == INT64_MAX);
}

static void set_to(double value)
{
    double x[3] = {1, value, 2};
    struct digits digits;
    digits_init(&digits, 2, 1, 3);
    digits_set_double(&digits, 0, 1, x);
}

static void set_infinite(void)
{
    set_to(-INFINITY);
}

static void set_not_a_number(void)
{
    set_to(NAN);
}

static void set_infinite_float(void)
{
    struct digits digits;
    digits_init(&digits, 2, 1, 1);
    digits_set(&digits, 0, 1, (float[]){-INFINITY});
}

static void set_beyond_the_rows(void)
{
    struct digits digits;
    digits_init(&digits, 2, 2, 1);
    digits_set(&digits, 1, 2, (float[]){1, 1});
}

static void set_too_many_digits(void)
{
    struct digits digits;
    digits_init(&digits, MAX_DIGITS + 1, 1, 1);
}

static void set_uncountable(void)
{
    struct digits digits;
    digits_init(&digits, 1, INT64_C(1) << 40, INT64_C(1) << 40);
}

int main(void)
{
    for (int n_digit = 1; n_digit <= MAX_DIGITS; n_digit++) {
        test_doubles(n_digit);
        test_floats(n_digit);
    }
    test_all_integers();
    test_some_rows();
    test_square();
    test_bytes();
    CHECK(aborts(set_infinite));
    CHECK(aborts(set_not_a_number));
    CHECK(aborts(set_infinite_float));
    CHECK(aborts(set_beyond_the_rows));
    CHECK(aborts(set_too_many_digits));
    CHECK(aborts(set_uncountable));
    return check_end();
}
