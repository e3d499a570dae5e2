/* The path of λ: how well each candidate does, and which is chosen. */
#ifndef ASSAY_POLICY_PATH_H
#define ASSAY_POLICY_PATH_H

#include "policy/behaviour.h"
#include "policy/policy_config.h"

/* Of 1 − h, which is known to about 2^-50: below it a residual divided by it says nothing. */
#define PATH_LEAST_COMPLEMENT 0x1p-40

struct path {
    int64_t n, n_behaviour;
    const double *lambda;     /* borrowed; n, as the config lists them */
    double *gcv, *press, *r2; /* owned; n × n_behaviour; the first two are NaN without leverages, as the next two */
    double *degrees;          /* owned; n: Σ h, effective degrees of freedom, the intercept included */
    double *criterion;        /* owned; n: mean over behaviours of gcv or press by the sum of squares about the mean */
    int64_t chosen;           /* −1: none yet */
};

void path_init(struct path *path, const struct policy_config *config);
void path_clear(struct path *path);

/* Fills entry `i` from the fit of its λ: residuals e (n_behaviour × n_probe) and 1 − h (NULL: unknown).
 * GCV = n |e|² / (n − Σh)², PRESS = Σ (e / (1 − h))²; infinite where 1 − h is 0 to rounding.
 * @local   @source Golub, Heath and Wahba 1979; Allen 1974 */
void path_measure(struct path *path, int64_t i, const struct behaviour *behaviour, const double *residual,
                  const double *complement, int choice);

/* Whether candidate i is better than the chosen one, or the first: the smaller criterion, ties to the larger λ.  The
 * caller then sets `chosen`.  @local */
bool path_is_better(const struct path *path, int64_t i, int choice);

#endif
