#include "matrix/canonical.h"

#include <math.h>

/* No number with a meaning is close to these. */
static const double HEADROOM = 0x1.ffd8a3c51e9b7p-1; /* 0.9997 */
static const double BORDER = 0x1.00b5d93a71c4fp-1;   /* 0.5014 */

/* Whether |high + low| ≥ bound, where high is exact and low a correction of it: the difference is exact where it is
 * close. */
static int reaches(double high, double low, double bound)
{
    double magnitude = fabs(high), correction = high < 0 ? -low : low;
    return magnitude - bound >= -correction;
}

/* The least E with |high + low| < HEADROOM · 2^E. */
static int exponent_of(double high, double low)
{
    int e;
    frexp(high, &e); /* |high| < 2^e */
    return reaches(high, low, ldexp(HEADROOM, e)) ? e + 1 : e;
}

/* |high + low| < 2^40 as an integer, from BORDER between two of them upwards. */
static double integer_of(double high, double low)
{
    double magnitude = fabs(high), below = floor(magnitude);
    double part = magnitude - below; /* exact */
    double integer = reaches(part, high < 0 ? -low : low, BORDER) ? below + 1 : below;
    return high < 0 ? -integer : integer;
}

enum status canonical_round(int64_t n, const double *high, const double *low, int exponent, double *out)
{
    int64_t largest = 0;
    for (int64_t i = 1; i < n; i++) {
        double difference = fabs(high[i]) - fabs(high[largest]);
        if (difference > 0)
            largest = i;
    }
    if (n == 0 || high[largest] == 0) {
        for (int64_t i = 0; i < n; i++)
            out[i] = 0;
        return STATUS_OK;
    }
    const int e = exponent_of(high[largest], low[largest]);
    if (e + exponent > 1023)
        return fail(NOT_CONVERGED, "a solution of the normal equations is beyond 2^1023: raise the ridge parameter λ");
    for (int64_t i = 0; i < n; i++) {
        double integer = integer_of(ldexp(high[i], CANONICAL_BITS - e), ldexp(low[i], CANONICAL_BITS - e));
        out[i] = integer == 0 ? 0 : ldexp(integer, e - CANONICAL_BITS + exponent);
    }
    return STATUS_OK;
}
