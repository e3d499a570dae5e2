/* What one pair did to one behaviour's policy, in figures: how far, along which pathway, to which features. */
#ifndef ASSAY_POLICY_PAIR_EFFECT_H
#define ASSAY_POLICY_PAIR_EFFECT_H

#include "policy/pair_intended.h"
#include "policy/shift.h"

/* Norms are Euclidean over features, each coefficient times the deviation of its feature over the probes: how much the
 * policy's output moves, feature by feature. */
struct pair_effect {
    double shift, x, y, interaction; /* norms of the whole shift, both pathways, and the interaction */
    double first_order_error;        /* norm of first order − exact, relative to the exact shift; 0 without a shift */
    double intercept;                /* shift of the intercept */
    int64_t dominant;  /* feature with the largest |shift| · deviation, the first of equals; −1: none moved */
    int8_t interferes; /* 1: dominant is not intended, 0: it is, or nothing moved; −1: nothing is known to
                          be intended */
    double off_target; /* 1 − Σ_intended |shift| / Σ |shift|; 0 without a shift, NaN if nothing is known */
};

void pair_effect_find(const struct shift *shift, int64_t behaviour, const double *deviation,
                      const struct pair_intended *known, int64_t pair, struct pair_effect *effect);

/* The n_kept features with the largest |shift| · deviation, largest first; of equals the lower index.  n_kept is at
 * most the number of features.  @local */
void pair_effect_keep(const struct shift *shift, int64_t behaviour, const double *deviation, int64_t n_kept,
                      int64_t *kept);

#endif
