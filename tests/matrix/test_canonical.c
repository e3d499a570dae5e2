/* Numbers with different small errors round to the same doubles, simple ones included; the rounding is on one grid, and
 * off by hardly more than half of its quantum. */
#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "exact/random.h"
#include "matrix/canonical.h"

static const double ERROR = 0x1p-100;

/* The numbers with errors of up to ERROR, in double-double: as refinement leaves them. */
static void disturb(int64_t n, const double *x, double error, double *high, double *low)
{
    for (int64_t i = 0; i < n; i++) {
        high[i] = x[i];
        low[i] = error;
        double sum = high[i] + low[i]; /* normalised again */
        low[i] -= sum - high[i];
        high[i] = sum;
    }
}

/* Three versions of the same numbers give the same bits, which come back. */
static void check_same(int64_t n, const double *x, double *out)
{
    double *high = memory_allocate(n, sizeof *high), *low = memory_allocate(n, sizeof *low);
    double *other = memory_allocate(n, sizeof *other);
    disturb(n, x, 0, high, low);
    CHECK(canonical_round(n, high, low, 0, out) == STATUS_OK);
    for (int sign = -1; sign <= 1; sign += 2) {
        disturb(n, x, sign * ERROR, high, low);
        CHECK(canonical_round(n, high, low, 0, other) == STATUS_OK);
        CHECK(memcmp(out, other, (size_t)n * sizeof *out) == 0);
    }
    memory_free(high);
    memory_free(low);
    memory_free(other);
}

/* 1, and numbers beside it that an unguarded rounding would find between two multiples, or between two E. */
static void test_simple_numbers(void)
{
    const double quantum = 0x1p-39; /* 1 is not below 0.9997 · 2^0 */
    double x[] = {1, 0.5, 0.75, 0, -1, quantum / 2, -quantum / 2, 1.5 * quantum, 0.25 + quantum / 2, quantum};
    enum { N = sizeof x / sizeof *x };
    double out[N];
    check_same(N, x, out);
    const double expected[N] = {1, 0.5, 0.75, 0, -1, 0, 0, quantum, 0.25, quantum};
    for (int i = 0; i < N; i++)
        CHECK(out[i] == expected[i] && !(out[i] == 0 && signbit(out[i])));
    for (int e = -30; e <= 30; e++) { /* every power of two has the same relative grid */
        double scaled[N];
        for (int i = 0; i < N; i++)
            scaled[i] = ldexp(x[i], e);
        double high[N], low[N] = {0}, scaled_out[N];
        memcpy(high, scaled, sizeof high);
        CHECK(canonical_round(N, high, low, 0, scaled_out) == STATUS_OK);
        for (int i = 0; i < N; i++)
            CHECK(scaled_out[i] == ldexp(out[i], e));
        CHECK(canonical_round(N, x, low, e, scaled_out) == STATUS_OK);
        for (int i = 0; i < N; i++)
            CHECK(scaled_out[i] == ldexp(out[i], e));
    }
}

static void test_random_numbers(void)
{
    enum { N = 1000 };
    double x[N], out[N];
    uint64_t state = 1;
    for (int round = 0; round < 100; round++) {
        double largest = 0;
        for (int i = 0; i < N; i++) {
            x[i] = random_scaled(&state, -20, 0);
            largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
        }
        check_same(N, x, out);
        int e;
        frexp(largest, &e);
        const double quantum = ldexp(1, e - CANONICAL_BITS); /* or twice that, just below a power of two */
        double worst = 0;
        for (int i = 0; i < N; i++) {
            CHECK(rint(out[i] / quantum) == out[i] / quantum);
            double off = fabs(out[i] - x[i]);
            worst = off > worst ? off : worst;
        }
        CHECK(worst > 0.4 * quantum && worst < (largest > 0.999 * ldexp(1, e) ? 1.003 : 0.5015) * quantum);
    }
}

/* The low parts decide where the high ones cannot. */
static void test_low_parts(void)
{
    const double border = 0x1.00b5d93a71c4fp-1, quantum = 0x1p-40;
    double high[] = {0.75, border * quantum, border * quantum, -border * quantum, -border * quantum};
    double low[] = {0, 0x1p-100, -0x1p-100, -0x1p-100, 0x1p-100}, out[5];
    CHECK(canonical_round(5, high, low, 0, out) == STATUS_OK);
    CHECK(out[1] == quantum && out[2] == 0 && out[3] == -quantum && out[4] == 0);

    const double headroom = 0x1.ffd8a3c51e9b7p-1; /* where E changes */
    for (int above = 0; above <= 1; above++) {
        double two[] = {-headroom, quantum}, parts[] = {above ? -0x1p-90 : 0x1p-90, 0}, rounded[2];
        CHECK(canonical_round(2, two, parts, 0, rounded) == STATUS_OK);
        CHECK(rounded[1] == (above ? 0 : quantum)); /* half of the coarser quantum */
    }
}

static void test_ends_of_range(void)
{
    double zero[3] = {0}, low[3] = {0}, out[3] = {1, 1, 1};
    CHECK(canonical_round(3, zero, low, 0, out) == STATUS_OK);
    CHECK(out[0] == 0 && out[1] == 0 && out[2] == 0);
    CHECK(canonical_round(0, zero, low, 0, out) == STATUS_OK);
    double half = 0.5;
    CHECK(canonical_round(1, &half, low, 1023, out) == STATUS_OK && out[0] == 0x1p1022);
    CHECK_FAILS(canonical_round(1, &half, low, 1024, out), NOT_CONVERGED, "raise the ridge parameter");
    CHECK(canonical_round(1, &half, low, -1073, out) == STATUS_OK && out[0] == 0x1p-1074);
}

int main(void)
{
    test_simple_numbers();
    test_random_numbers();
    test_low_parts();
    test_ends_of_range();
    return check_end();
}
