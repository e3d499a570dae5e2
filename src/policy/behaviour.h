/* The behaviour that the policy models: one number per probe and behaviour, the same on every rank. */
#ifndef ASSAY_POLICY_BEHAVIOUR_H
#define ASSAY_POLICY_BEHAVIOUR_H

#include "policy/problem.h"

struct behaviour {
    int64_t n, n_probe;
    double *value;  /* owned; n × n_probe */
    double *centre; /* owned; n: near the mean; the ridge is fitted to what is left, which its intercept makes up for */
};

/* Reads it on rank 0 and shares it.
 * @collective comm   @fails BAD_INPUT naming probe and behaviour, when a value is not finite, no probability though it
 * should be one, or beyond 2^300 */
enum status behaviour_read(MPI_Comm comm, struct problem *problem, struct segment_list *segments,
                           struct behaviour *behaviour);
void behaviour_clear(struct behaviour *behaviour);

/* The segments that behaviour_read will append, digests left zero.  @local */
void behaviour_list(const struct problem *problem, struct segment_list *segments);

#endif
