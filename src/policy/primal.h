/* The ridge as a system of features: (ZᵀZ + λ diag(0, 1, …, 1)) w = Zᵀ y, Z = [1 X], from exact integers. */
#ifndef ASSAY_POLICY_PRIMAL_H
#define ASSAY_POLICY_PRIMAL_H

#include "policy/fit.h"

struct primal;

struct primal *primal_create(const struct fit_request *request); /* @collective comm */
void primal_destroy(struct primal *primal);                      /* NULL is fine */

/* See fit.h.  @collective   @fails NOT_CONVERGED, STOPPED */
enum status primal_solve(struct primal *primal, int fold, double lambda, struct solution *solution);
enum status primal_leverages(struct primal *primal, double lambda, double *complement);

#endif
