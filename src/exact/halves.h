/* Integers of up to 81 bits as two doubles, for the backends of the matrix product: high · 2^28 + low.
 *
 * Both doubles hold integers below 2^53 in magnitude, so that every addition to them is exact, and vectorisable; the
 * one addition at the end rounds once: to the nearest double, ties to even. */
#ifndef ASSAY_EXACT_HALVES_H
#define ASSAY_EXACT_HALVES_H

#include <stdint.h>

#define HALVES_UNIT 0x1p28

/* sum[j] = weight · term[j], and sum[j] += weight · term[j]; integers all, |sum[j]| < 2^53 after it. */
void halves_set(double *restrict sum, const int32_t *restrict term, double weight, int64_t n);
void halves_add(double *restrict sum, const int32_t *restrict term, double weight, int64_t n);
/* Moves what `low` has beyond `unit` (a power of two) to `high`, which counts units: |low| ≤ unit / 2 after it. */
void halves_carry(double *restrict high, double *restrict low, double unit, int64_t n);
/* sum[j] += weight · term[j], as above. */
void halves_shift(double *restrict sum, const double *restrict term, double weight, int64_t n);
/* low = nearest double of high · 2^28 + low; never −0. */
void halves_join(const double *restrict high, double *restrict low, int64_t n);

#endif
