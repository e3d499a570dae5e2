/* exp and log are within 1 ulp of the truth, exact where they must be, and softmax is what it says, in place or not. */
#include "exact/elementary.h"

#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "exact/elementary_reference.h"
#include "exact/random.h"

_Static_assert(LDBL_MANT_DIG >= 64, "the reference is computed in a wider format");

enum { N_RANDOM = 300000 };

/* |y − truth| in units of the last place of the truth, rounded to a double. */
static long double ulps(double y, long double truth)
{
    double nearest = (double)truth;
    long double unit = (long double)nextafter(fabs(nearest), INFINITY) - fabs(nearest);
    return fabsl(y - truth) / unit;
}

static void test_references(void)
{
    for (size_t i = 0; i < sizeof exp_references / sizeof *exp_references; i++)
        CHECK(ulps(exact_exp(exp_references[i].x), exp_references[i].y) <= 1);
    for (size_t i = 0; i < sizeof log_references / sizeof *log_references; i++)
        CHECK(ulps(exact_log(log_references[i].x), log_references[i].y) <= 1);
}

/* Against the long double functions of the C library, which err by a thousandth of a double's ulp. */
static void test_random(void)
{
    static const double ranges[] = {1e-9, 0.1, 0.5, 1, 5, 40, 707};
    uint64_t seed = 1;
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        long double worst = 0;
        for (int i = 0; i < N_RANDOM; i++) {
            double x = ranges[r] * random_double(&seed);
            worst = fmaxl(worst, ulps(exact_exp(x), expl(x)));
        }
        CHECK(worst < 0.75L);
        printf("exp: %.3Lf ulp on ±%g\n", worst, ranges[r]);
    }
    for (int scale = -50; scale <= 0; scale += 10) {
        long double worst = 0;
        for (int i = 0; i < N_RANDOM; i++) {
            double x = 1 + ldexp(random_double(&seed) * (1 - DBL_EPSILON), scale);
            worst = fmaxl(worst, ulps(exact_log(x), logl(x)));
        }
        CHECK(worst < 0.75L);
        printf("log: %.3Lf ulp on 1 ± 2^%d\n", worst, scale);
    }
    long double worst = 0, worst_small = 0;
    for (int i = 0; i < N_RANDOM; i++) {
        double x = fabs(random_scaled(&seed, -1022, 1023));
        worst = fmaxl(worst, ulps(exact_log(x), logl(x)));
        x = -726.5 + 19 * random_double(&seed); /* subnormal results */
        worst_small = fmaxl(worst_small, ulps(exact_exp(x), expl(x)));
    }
    CHECK(worst < 0.75L && worst_small <= 1);
    printf("log: %.3Lf ulp anywhere; exp: %.3Lf ulp where it is subnormal\n", worst, worst_small);
}

static void test_special(void)
{
    CHECK(exact_exp(0) == 1 && exact_exp(-0.0) == 1 && exact_exp(DBL_TRUE_MIN) == 1);
    CHECK(exact_exp(-INFINITY) == 0 && exact_exp(-745.2) == 0 && exact_exp(-1e308) == 0);
    CHECK(exact_exp(INFINITY) == INFINITY && exact_exp(709.8) == INFINITY && exact_exp(1e308) == INFINITY);
    CHECK(isfinite(exact_exp(709.78)) && exact_exp(-745.1) == DBL_TRUE_MIN);
    CHECK(isnan(exact_exp(NAN)) && isnan(exact_log(NAN)));
    CHECK(exact_log(1) == 0 && !signbit(exact_log(1)));
    CHECK(exact_log(0) == -INFINITY && exact_log(-0.0) == -INFINITY && exact_log(INFINITY) == INFINITY);
    CHECK(isnan(exact_log(-1)) && isnan(exact_log(-INFINITY)) && isnan(exact_log(-DBL_TRUE_MIN)));
    bool right = true;
    for (int k = -1074; k < 1024; k++)
        right = right && ulps(exact_log(ldexp(1, k)), k * 0.693147180559945309417232121458176568L) < 0.75L;
    CHECK(right);
}

static void test_softmax(void)
{
    enum { N = 100 };
    double z[N], p[N], again[N];
    uint64_t seed = 3;
    for (int i = 0; i < N; i++)
        z[i] = 20 * random_double(&seed);
    exact_softmax(z, N, p);
    long double most = z[0], sum = 0;
    for (int i = 1; i < N; i++)
        most = fmaxl(most, z[i]);
    for (int i = 0; i < N; i++)
        sum += expl(z[i] - most);
    double total = 0;
    bool right = true;
    for (int i = 0; i < N; i++) {
        long double truth = expl(z[i] - most) / sum;
        right = right && fabsl(p[i] - truth) <= 20 * (long double)DBL_EPSILON * truth;
        total += p[i];
    }
    CHECK(right && fabs(total - 1) < N * DBL_EPSILON);
    CHECK(fabsl(exact_logsumexp(z, N) - (most + logl(sum))) < 1e-14L);
    memcpy(again, z, sizeof z);
    exact_softmax(again, N, again);
    CHECK(memcmp(again, p, sizeof p) == 0);
}

static void test_softmax_edges(void)
{
    double p[3];
    exact_softmax((double[]){123.4}, 1, p);
    CHECK(p[0] == 1 && exact_logsumexp((double[]){123.4}, 1) == 123.4);
    exact_softmax((double[]){1e308, 1e308}, 2, p);
    CHECK(p[0] == 0.5 && p[1] == 0.5 && exact_logsumexp((double[]){1e308, 1e308}, 2) == 1e308);
    exact_softmax((double[]){0, -INFINITY, -1e5}, 3, p);
    CHECK(p[0] == 1 && p[1] == 0 && p[2] == 0);
    exact_softmax((double[]){-1000, -1000, -1000}, 3, p);
    CHECK(p[0] == p[1] && p[1] == p[2] && p[0] == 1 / 3.);
    /* A shift that no logit rounds in changes no bit. */
    double shifted[3];
    exact_softmax((double[]){0.25, -3.5, 1}, 3, p);
    exact_softmax((double[]){1024.25, 1020.5, 1025}, 3, shifted);
    CHECK(memcmp(p, shifted, sizeof p) == 0);
    exact_softmax((double[]){NAN, 1, 2}, 3, p);
    CHECK(isnan(p[0]) && isnan(p[2]) && isnan(exact_logsumexp((double[]){1, NAN}, 2)));
    exact_softmax((double[]){-INFINITY, -INFINITY}, 2, p);
    CHECK(isnan(p[0]) && isnan(exact_logsumexp((double[]){INFINITY, 0}, 2)));
    p[0] = 7;
    exact_softmax(NULL, 0, p);
    CHECK(p[0] == 7 && exact_logsumexp(NULL, 0) == -INFINITY);
}

/* Rows at a time give the bits of one row, far-off logits included. */
static void test_softmax_rows(void)
{
    static const int64_t widths[] = {1, 2, 10, 1000, 1024, 1025, 3000};
    uint64_t seed = 17;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (int64_t n_row = 1; n_row <= 400; n_row += 133) {
            int64_t n = widths[w], all = n * n_row;
            double *z = memory_allocate(all, sizeof *z), *rows = memory_allocate(all, sizeof *rows);
            double *one = memory_allocate(all, sizeof *one);
            for (int64_t i = 0; i < all; i++)
                z[i] = random_scaled(&seed, -3, i % 7 == 0 ? 11 : 4);
            exact_softmax_rows(z, n_row, n, rows);
            for (int64_t i = 0; i < n_row; i++)
                exact_softmax(z + i * n, n, one + i * n);
            CHECK(memcmp(rows, one, (size_t)all * sizeof *one) == 0);
            memcpy(one, z, (size_t)all * sizeof *one);
            exact_softmax_rows(one, n_row, n, one); /* in place */
            CHECK(memcmp(rows, one, (size_t)all * sizeof *one) == 0);
            memory_free(one);
            memory_free(rows);
            memory_free(z);
        }
}

int main(void)
{
    test_references();
    test_random();
    test_special();
    test_softmax();
    test_softmax_edges();
    test_softmax_rows();
    return check_end();
}
