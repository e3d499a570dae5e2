/* How far two lists of numbers go together. */
#ifndef ASSAY_EXACT_CORRELATION_H
#define ASSAY_EXACT_CORRELATION_H

#include <stdint.h>

/* Pearson's correlation, summed in order; NaN when either is constant or n < 2.  @local */
double correlate(int64_t n, const double *x, const double *y);

/* rank[i]: how many are smaller, and half of the others that are equal (average ranks, from 0).  Finite x.  @local */
void rank_of(int64_t n, const double *x, double *rank);

/* Spearman's: Pearson's of the average ranks; NaN when either is constant or n < 2.  @local */
double correlate_ranks(int64_t n, const double *x, const double *y);

#endif
