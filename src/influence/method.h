/* The registry of influence methods: how examples and queries are compared. */
#ifndef ASSAY_INFLUENCE_METHOD_H
#define ASSAY_INFLUENCE_METHOD_H

#include <stdbool.h>

/* score(z, q) = Σ_k weight_k ⟨∇ℓ(θ_k, z), ∇ℓ(θ_k, q)⟩, over all selected checkpoints or one; positive = proponent:
 * a step on z lowers the loss of q. */
struct influence_method {
    const char *name;
    const char *formula;
    bool all_checkpoints; /* or one */
    bool learning_rate;   /* weight_k = η_k, or 1 */
    bool normalised;      /* divided by ‖∇ℓ(z)‖ ‖∇ℓ(q)‖ */
    const char *source;
};

enum { N_INFLUENCE_METHODS = 3 };
extern const struct influence_method influence_methods[N_INFLUENCE_METHODS];
/* Their names, NULL-terminated, for the config. */
extern const char *const influence_method_names[];

#endif
