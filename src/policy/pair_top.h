/* For every coefficient the pairs that moved it most, in a total order. */
#ifndef ASSAY_POLICY_PAIR_TOP_H
#define ASSAY_POLICY_PAIR_TOP_H

#include <mpi.h>
#include <stdint.h>

#include "policy/shift.h"

/* A pair moves a coefficient by |shift| · deviation; of equals the lower pair comes first; pairs that do not move it at
 * all are not kept.  Which pairs are kept depends neither on the order of offers nor on merges. */
struct pair_top {
    int64_t n_behaviour, n_feature, keep;
    int64_t *pair;         /* owned; n_behaviour × n_feature × keep; −1 behind the last */
    double *shift, *x, *y; /* owned; the same; 0 behind the last */
};

void pair_top_init(int64_t n_behaviour, int64_t n_feature, int64_t keep, struct pair_top *top);
void pair_top_clear(struct pair_top *top);
int64_t pair_top_bytes(int64_t n_behaviour, int64_t n_feature, int64_t keep); /* @local */

/* Offers one pair's shift to all coefficients; `deviation` is the features', the same in all calls.  @local */
void pair_top_offer(struct pair_top *top, int64_t pair, const struct shift *shift, const double *deviation);
/* What all ranks kept together, on rank 0.  @collective comm */
void pair_top_reduce(MPI_Comm comm, struct pair_top *top, const double *deviation);

#endif
