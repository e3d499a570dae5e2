/* Nearly exact numbers rounded so that a different error rounds to the same double.
 *
 * Two grids, or two BLAS, refine the same solution to different errors ε.  Rounded onto multiples of a quantum 2^(E −
 * 40), 2^E above the largest entry, they differ only if a border between two multiples lies between them: with borders
 * that have nothing to do with the numbers, that has the probability 2ε / quantum per entry.  Refinement ends when ε is
 * below 2^−96 of the largest entry (it usually is about 2^−105; at the worst condition that is accepted, 2^50, the
 * residuals themselves allow about 2^−90), so that it is below 2^−54 per entry: 2^−34 for a million entries.  Numbers
 * that mean something are often simple (1/2, 1, 3/4), so no border may be: E changes, and a multiple begins, a little
 * beside where one would expect. */
#ifndef ASSAY_MATRIX_CANONICAL_H
#define ASSAY_MATRIX_CANONICAL_H

#include <stdint.h>

#include "base/status.h"

enum { CANONICAL_BITS = 40 };

/* out[i] = high[i] + low[i], |low| ≤ half an ulp of high, as a multiple of 2^(E − 40), where E is the least with
 * max|high + low| < 0.9997 · 2^E; at most 0.5014 of that away; times 2^exponent.  +0 for zero.
 * @local   @fails NOT_CONVERGED when that is beyond the range of doubles */
enum status canonical_round(int64_t n, const double *high, const double *low, int exponent, double *out);

#endif
