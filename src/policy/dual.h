/* The ridge as a system of probes: K = X Xᵀ, α = (K + λI)⁻¹(y − b 1) with Σ α = 0, w = Xᵀα. */
#ifndef ASSAY_POLICY_DUAL_H
#define ASSAY_POLICY_DUAL_H

#include "policy/fit.h"

struct dual;

struct dual *dual_create(const struct fit_request *request); /* @collective comm */
void dual_destroy(struct dual *dual);                        /* NULL is fine */

/* See fit.h.  @collective   @fails NOT_CONVERGED, STOPPED */
enum status dual_solve(struct dual *dual, int fold, double lambda, struct solution *solution);
enum status dual_leverages(struct dual *dual, double lambda, double *complement);

#endif
