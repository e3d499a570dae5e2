/* The ridge in either form: solutions, leverages and predictions. */
#ifndef ASSAY_POLICY_FIT_H
#define ASSAY_POLICY_FIT_H

#include "policy/behaviour.h"
#include "policy/features.h"
#include "policy/solution.h"

struct fit;

/* All borrowed, until fit_destroy. */
struct fit_request {
    MPI_Comm comm;
    const struct features *features;
    const struct behaviour *behaviour;
    const struct policy_plan *plan;
    const struct policy_config *config;
    const double *small; /* X Xᵀ on every rank for the dual form, NULL for the primal one */
    bool show;           /* progress, on rank 0 */
};

struct fit *fit_create(const struct fit_request *request); /* @collective comm; the request itself may go */
void fit_destroy(struct fit *fit);                         /* NULL is fine */

/* Coefficients and intercept of argmin |y − b − X w|² + λ|w|², of all probes or without a fold: the same doubles on any
 * number of ranks.
 * @collective   @fails NOT_CONVERGED naming λ and, once it is known, the condition estimate; STOPPED */
enum status fit_solve(struct fit *fit, int fold, double lambda, struct solution *solution);

/* 1 − h_i of every probe, all probes taken: h_i = ∂ŷ_i/∂y_i, the intercept included.
 * @collective   @fails NOT_CONVERGED, STOPPED */
enum status fit_leverages(struct fit *fit, double lambda, double *complement);

/* b + x_i · w, summed in order of the features, into prediction (n_behaviour × n_probe): for the probes of a fold, or
 * for all of them; the others' stay.  @collective */
void fit_predict(const struct fit *fit, const struct solution *solution, int fold, double *prediction);

#endif
