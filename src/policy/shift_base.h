/* What every pair's shift is measured from: the policy as it was fitted. */
#ifndef ASSAY_POLICY_SHIFT_BASE_H
#define ASSAY_POLICY_SHIFT_BASE_H

#include <stdbool.h>

#include "exact/rows.h"

/* Unpenalised intercept, one λ for all behaviours; every rank holds all of it.  All borrowed. */
struct shift_base {
    bool dual;            /* small = X Xᵀ (n_probe × n_probe); else ZᵀZ, Z = [1 X] (1 + n_feature square) */
    const struct rows *x; /* n_probe × n_feature, as read */
    const double *y;      /* n_behaviour × n_probe, as read */
    const double *small;  /* row-major, both triangles, without λ */
    int64_t n_behaviour;
    double lambda;
    const double *deviation; /* n_feature: standard deviation of every feature over the probes */
};

#endif
