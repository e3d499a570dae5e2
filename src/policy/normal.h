/* The exact normal equations ZᵀZ of all probes, and of all but one fold, on a grid of ranks. */
#ifndef ASSAY_POLICY_NORMAL_H
#define ASSAY_POLICY_NORMAL_H

#include "matrix/system.h"
#include "policy/fit.h"

/* In units of the integers of the features: entry (i, j) is Σ q_i q_j · 2^−(shift[i] + shift[j]).  As many systems are
 * held at a time as the plan has room for; the others are made again when they are asked for. */
struct normal;

/* `shift` has 1 + n_feature entries, borrowed until normal_destroy.  @collective comm */
struct normal *normal_create(const struct fit_request *request, const int *shift);
void normal_destroy(struct normal *normal); /* NULL is fine */

/* The system without a fold, or of all probes (NO_FOLD); borrowed until the next call.
 * @collective comm   @fails STOPPED on request */
enum status normal_get(struct normal *normal, int fold, struct system **system);

#endif
