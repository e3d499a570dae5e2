/* Sums are exact and do not depend on order: equal values have equal limbs, and the double is the nearest one. */
#include "exact/sum.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "exact/random.h"

__extension__ typedef __int128 int128;

static bool is_empty(struct sum sum)
{
    sum_normalise(&sum);
    struct sum empty = {0};
    return memcmp(&sum, &empty, sizeof sum) == 0;
}

static double value_of(const double *terms, int n)
{
    struct sum sum = {0};
    for (int i = 0; i < n; i++)
        CHECK(sum_add_double(&sum, terms[i]));
    return sum_value(&sum);
}

static void test_by_hand(void)
{
    CHECK(value_of(NULL, 0) == 0 && !signbit(value_of(NULL, 0)));
    CHECK(value_of((double[]){1, -1}, 2) == 0 && !signbit(value_of((double[]){1, -1}, 2)));
    CHECK(value_of((double[]){0x1p499, 0x1p-512, -0x1p499}, 3) == 0x1p-512);
    CHECK(value_of((double[]){1e100, 1, -1e100, -2}, 4) == -1);
    CHECK(value_of((double[]){0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 10) == 1); /* not 0.9999999999999999 */
    CHECK(value_of((double[]){0x1p53, 1}, 2) == 0x1p53);
    CHECK(value_of((double[]){0x1p53, 3}, 2) == 0x1p53 + 4);
    CHECK(value_of((double[]){-0x1p53, -1, -0x1p-512}, 3) == -0x1p53 - 2);
    /* Geometric: Σ_{i<1000} 2^(499−i−…) = 2^500 − 2^-500, which rounds to 2^500. */
    struct sum sum = {0};
    for (int i = -500; i < 500; i++)
        CHECK(sum_add(&sum, 1, i));
    CHECK(sum_value(&sum) == 0x1p500);
    CHECK(sum_add_double(&sum, 0x1p-500) && sum_add_double(&sum, -0x1p499) && sum_value(&sum) == 0x1p499);
}

/* 0 + 1² + 2² + … in a scale, by its formula. */
static void test_squares(void)
{
    struct sum sum = {0};
    const int64_t n = 1000000;
    for (int64_t i = 0; i <= n; i++)
        sum_add(&sum, -i * i, -400);
    CHECK(sum_value(&sum) == -ldexp((double)(n * (n + 1) / 2 * (2 * n + 1) / 3), -400));
}

/* Against 128-bit integers and the compiler's rounding of them. */
static void test_rounding(void)
{
    uint64_t seed = 1;
    bool equal = true;
    for (int i = 0; i < 20000; i++) {
        struct sum sum = {0};
        int128 same = 0;
        int n = (int)random_integer(&seed, 1, 12), shift = (int)random_integer(&seed, -512, 380);
        for (int t = 0; t < n; t++) {
            int64_t value = (int64_t)random_bits(&seed) >> random_integer(&seed, 0, 63);
            int place = (int)random_integer(&seed, 0, 55);
            equal = sum_add(&sum, value, place + shift) && equal;
            same += (int128)value * ((int128)1 << place);
        }
        equal = equal && sum_value(&sum) == ldexp((double)same, shift);
    }
    CHECK(equal);
}

/* m · 2^e + half a unit ± the least bit there is: down, tie to even, up. */
static void test_ties(void)
{
    uint64_t seed = 2;
    bool right = true;
    for (int i = 0; i < 20000; i++) {
        int64_t m = (int64_t)(random_bits(&seed) >> 12 | UINT64_C(1) << 52);
        int e = (int)random_integer(&seed, SUM_LOWEST + 2, SUM_HIGHEST - 54), sign = i % 2 ? 1 : -1;
        for (int beside = -1; beside <= 1; beside++) {
            struct sum sum = {0};
            right = right && sum_add(&sum, sign * m, e) && sum_add(&sum, sign, e - 1);
            right = right && sum_add(&sum, sign * beside, SUM_LOWEST);
            int64_t nearest = beside < 0 ? m : beside > 0 ? m + 1 : m + m % 2;
            right = right && sum_value(&sum) == ldexp((double)(sign * nearest), e);
        }
    }
    CHECK(right);
}

/* Doubles of all sizes and their opposites in another order leave nothing but the odd one out. */
static void test_order(void)
{
    enum { N = 5000 };
    double *x = memory_allocate(N, sizeof *x);
    uint64_t seed = 3;
    for (int i = 0; i < N; i++)
        x[i] = random_scaled(&seed, -450, 500);
    struct sum forward = {0}, backward = {0}, parts[3] = {{{0}}};
    bool all = true;
    for (int i = 0; i < N; i++) {
        all = all && sum_add_double(&forward, x[i]) && sum_add_double(&backward, x[N - 1 - i]);
        all = all && sum_add_double(&parts[i % 3], x[i]);
    }
    CHECK(all);
    sum_normalise(&parts[0]); /* one part normalised, one not: the value is the same */
    sum_merge(&parts[2], &parts[0]);
    sum_merge(&parts[2], &parts[1]);
    double value = sum_value(&forward);
    sum_normalise(&forward);
    sum_normalise(&backward);
    sum_normalise(&parts[2]);
    CHECK(memcmp(&forward, &backward, sizeof forward) == 0 && memcmp(&forward, &parts[2], sizeof forward) == 0);
    CHECK(sum_value(&forward) == value);
    for (int i = 0; i < SUM_LIMBS - 1; i++)
        CHECK(forward.limb[i] >= 0 && forward.limb[i] < INT64_C(1) << 32);
    for (int i = 0; i < N; i++)
        if (i != 77)
            all = all && sum_add_double(&forward, -x[(i + 100) % N]);
    CHECK(all && sum_value(&forward) == x[177]);
    CHECK(sum_add_double(&forward, -x[177]) && is_empty(forward));
    memory_free(x);
}

/* 2^30 additions to a normalised sum fit before limbs must carry: the worst term, doubled 30 times. */
static void test_headroom(void)
{
    static const int64_t worst[] = {INT64_MAX, -INT64_MAX};
    for (int w = 0; w < 2; w++) {
        struct sum sum = {0}, start = {0};
        int sign = w == 0 ? 1 : -1;
        CHECK(sum_add(&sum, worst[w], 0) && sum_add(&sum, worst[w], 400)); /* ±(2^63 − 1)(1 + 2^400) */
        sum_merge(&start, &sum);
        sum_normalise(&start);
        for (int i = 0; i < 30; i++) {
            struct sum copy = sum;
            sum_merge(&sum, &copy);
        }
        sum_merge(&sum, &start);
        CHECK(sum_add(&sum, -worst[w], 0) && sum_add(&sum, -worst[w], 400));
        CHECK(sum_value(&sum) == sign * 0x1p493); /* (2^93 − 2^30)(1 + 2^400) */
        CHECK(sum_add(&sum, -sign, 493) && sum_add(&sum, sign, 430) && sum_value(&sum) == sign * 0x1p93);
        CHECK(sum_add(&sum, -sign, 93) && sum_add(&sum, sign, 30) && is_empty(sum));
    }
}

static void test_range(void)
{
    struct sum sum = {0};
    CHECK(sum_add(&sum, 1, 499) && sum_add(&sum, -1, 499) && sum_add(&sum, INT64_MAX, 437) && is_empty(sum) == false);
    sum = (struct sum){0};
    CHECK(sum_add(&sum, 3, SUM_LOWEST) && sum_value(&sum) == 0x1.8p-511);
    CHECK(sum_add(&sum, -12, SUM_LOWEST - 2) && is_empty(sum));
    CHECK(sum_add(&sum, INT64_MIN, SUM_LOWEST - 63) && sum_value(&sum) == -0x1p-512);
    CHECK(sum_add(&sum, 1, SUM_LOWEST) && is_empty(sum));
    CHECK(sum_add(&sum, 0, INT_MAX) && sum_add(&sum, 0, INT_MIN) && sum_add_double(&sum, -0.0));
    CHECK(!sum_add(&sum, 1, 500) && !sum_add(&sum, -1, 500) && !sum_add(&sum, INT64_MAX, 438));
    CHECK(!sum_add(&sum, INT64_MIN, 437) && !sum_add(&sum, 1, INT_MAX));
    CHECK(!sum_add(&sum, 1, SUM_LOWEST - 1) && !sum_add(&sum, 6, SUM_LOWEST - 2) && !sum_add(&sum, 1, INT_MIN));
    CHECK(!sum_add(&sum, INT64_MIN, SUM_LOWEST - 64));
    CHECK(!sum_add_double(&sum, INFINITY) && !sum_add_double(&sum, -INFINITY) && !sum_add_double(&sum, NAN));
    CHECK(!sum_add_double(&sum, DBL_MAX) && !sum_add_double(&sum, DBL_TRUE_MIN) && !sum_add_double(&sum, 0x1p500));
    CHECK(is_empty(sum)); /* nothing was added by what was refused */
    CHECK(sum_add_double(&sum, -0x1.fffffffffffffp499) && sum_value(&sum) == -0x1.fffffffffffffp499);
}

int main(void)
{
    test_by_hand();
    test_squares();
    test_rounding();
    test_ties();
    test_order();
    test_headroom();
    test_range();
    return check_end();
}
