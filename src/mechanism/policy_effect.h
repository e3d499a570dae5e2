/* What the symbolic policy foresees of interventions that were measured on the network. */
#ifndef ASSAY_MECHANISM_POLICY_EFFECT_H
#define ASSAY_MECHANISM_POLICY_EFFECT_H

#include "mechanism/effects.h"

/* Σ over members of coefficient × mean: effect[n_behaviour × n_part] of setting a part to zero, NaN for parts that are
 * no features and behaviours that the policy does not model.  And per behaviour, agreement[n_behaviour]: Spearman's
 * rank correlation with `measured` over the parts that have one, NaN for fewer than three.  @local */
void policy_effect_find(const struct scene *scene, const struct effects *measured, double *effect, double *agreement);

/* Spearman's rank correlation of n values, ties sharing their mean rank; NaN where one does not vary.  @local */
double spearman(const double *a, const double *b, int64_t n);

#endif
