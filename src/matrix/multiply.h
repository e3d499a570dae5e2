/* S times vectors, as good as exactly: what the residuals of a refined solution are made from. */
#ifndef ASSAY_MATRIX_MULTIPLY_H
#define ASSAY_MATRIX_MULTIPLY_H

#include "matrix/error_free.h"
#include "matrix/system.h"

/* product[s · n + i] = Σ_j S_ij x_j on rank 0, undefined elsewhere, for the n_side ≤ MAX_SIDES vectors x = high + low
 * (n_side × n, the same on every rank) and S as it is kept, without diagonal: wrong by about 2^−140 of Σ_j |S_ij x_j|.
 * Each product: n_side × n.  @collective */
void system_multiply(const struct system *system, int64_t n_side, const double *high, const double *low,
                     struct triple *product);

/* Bytes of work of one rank.  @local */
int64_t multiply_bytes(int64_t n_side, int64_t n_local_row, int64_t n_local_column);

#endif
