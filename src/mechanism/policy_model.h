/* The symbolic policy as the model: what interventions on its features do, in closed form. */
#ifndef ASSAY_MECHANISM_POLICY_MODEL_H
#define ASSAY_MECHANISM_POLICY_MODEL_H

#include "mechanism/scene.h"

/* The predictions with these features set to zero or to their means: after[n_probe × n_behaviour].  @local */
void policy_model_after(const struct scene *scene, int intervention, const int64_t *members, int64_t n_member,
                        double *after);

/* The mean effects of random sets of as many features, none of them the part's own, each of which some probe has:
 * control[n_behaviour × n] (NULL: only count).  Returns n, 0 where there are too few features to draw from.  The sets
 * depend on the seed and on the part's row alone.  @local */
int64_t policy_model_controls(const struct scene *scene, int intervention, int64_t part, double *control);

/* Predictions of behaviour b with only the first k of `order` (features) as they are and all others at their means, for
 * every k of n_k, ascending: rebuilt[n_k × n_probe].  @local */
void policy_model_rebuild(const struct scene *scene, int64_t b, const int64_t *order, const int64_t *k, int64_t n_k,
                          double *rebuilt);

#endif
