/* Exact right-hand sides Zᵀ(y − centre) of the normal equations. */
#ifndef ASSAY_POLICY_RIGHT_SIDE_H
#define ASSAY_POLICY_RIGHT_SIDE_H

#include <mpi.h>

#include "policy/behaviour.h"
#include "policy/features.h"

/* b + b_low (each n_behaviour × (1 + n_feature)): entry j is Σ_i q_ij (y_i − centre) · 2^−shift[j] over all probes but
 * those of `fold`, summed exactly, y − centre being rounded to 2^-54 of its largest magnitude.  @collective comm */
void right_side_make(MPI_Comm comm, const struct features *features, const struct behaviour *behaviour, int fold,
                     const int *shift, double *b, double *b_low);

#endif
