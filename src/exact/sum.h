/* Sums of many numbers of any size, exact and independent of order: fixed-point accumulators of 1,024 bits. */
#ifndef ASSAY_EXACT_SUM_H
#define ASSAY_EXACT_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Carry-save limbs of 32 bits in int64 each, weights 2^(32 i − 512): MPI_SUM over int64 adds two of them.  Terms are
 * below 2^500 in magnitude; bits below 2^-512 are refused.  All zero is the empty sum. */
enum { SUM_LIMBS = 33, SUM_LOWEST = -512, SUM_HIGHEST = 500 };
struct sum {
    int64_t limb[SUM_LIMBS];
};

/* Adds value · 2^exponent exactly.  false (and nothing added) when it would leave the range. */
bool sum_add(struct sum *sum, int64_t value, int exponent);
/* Adds a double exactly.  false (and nothing added) when it is not finite or would leave the range. */
bool sum_add_double(struct sum *sum, double value);
void sum_merge(struct sum *into, const struct sum *from);
/* Carries limbs so that each is in [0, 2^32) but the top one; needed every 2^30 additions at most, and before sending
 * (then 2^30 ranks may add theirs).  The value stays, and equal values have equal limbs after it. */
void sum_normalise(struct sum *sum);
/* The nearest double, ties to even. */
double sum_value(const struct sum *sum);

#endif
