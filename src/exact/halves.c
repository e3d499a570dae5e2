#include "exact/halves.h"

#include "base/vector.h"

/* x + 1.5 · 2^52 − 1.5 · 2^52 is x rounded to an integer, for |x| ≤ 2^51; and +0, not −0, for small negative x. */
static const double ROUNDER = 0x1.8p52;

VECTORISED
void halves_set(double *restrict sum, const int32_t *restrict term, double weight, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        sum[j] = weight * term[j];
}

VECTORISED
void halves_add(double *restrict sum, const int32_t *restrict term, double weight, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        sum[j] += weight * term[j];
}

VECTORISED
void halves_carry(double *restrict high, double *restrict low, double unit, int64_t n)
{
    const double per_unit = 1 / unit; /* exact: a power of two */
    for (int64_t j = 0; j < n; j++) {
        double carry = low[j] * per_unit + ROUNDER - ROUNDER;
        low[j] -= carry * unit;
        high[j] += carry;
    }
}

VECTORISED
void halves_shift(double *restrict sum, const double *restrict term, double weight, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        sum[j] += weight * term[j];
}

VECTORISED
void halves_join(const double *restrict high, double *restrict low, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        low[j] = high[j] * HALVES_UNIT + low[j]; /* +0 unless both are −0, which no sum from +0 is */
}
