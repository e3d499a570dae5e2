/* What each example of a step did to each layer: contributions in double, beside the training that they account for. */
#ifndef ASSAY_REFERENCE_ACCOUNT_H
#define ASSAY_REFERENCE_ACCOUNT_H

#include <stdint.h>

#include "reference/network.h"

/* Of one layer's weights and biases θ.  Δθ is their change in the step, c_i = −(rate / batch) · weight · gradient the
 * part of it that example i made, m what was left of earlier steps. */
struct layer_account {
    double delta_norm;                    /* ‖Δθ‖ */
    double residual;                      /* ‖Δθ − Σ c_i − m‖ */
    double rounding;                      /* what float arithmetic may have left in it */
    double momentum_norm, momentum_share; /* ‖m‖, ⟨m, Δθ⟩ / ‖Δθ‖² */
    float *norms;                         /* owned; n: ‖c_i‖ */
    double *shares;                       /* owned; n: ⟨c_i, Δθ⟩ / ‖Δθ‖²; zero where nothing changed */
};

struct account {
    int64_t n_layer, capacity;
    int64_t n;             /* examples of the step, in the order of the batch */
    int64_t *samples;      /* owned; capacity */
    float *losses;         /* owned; capacity */
    float **input;         /* owned; per layer capacity × n_in */
    float **gradient;      /* owned; per layer capacity × n_out: of the example's own loss, times its weight there */
    struct network before; /* the weights when the step began */
    struct network kept;   /* the velocity when the step began */
    double *change, *rest; /* owned; of the layer at hand: Δθ, and what of it is not accounted for */
    struct layer_account *layers; /* owned; n_layer */
};

/* For steps of at most `capacity` examples.  @local */
void account_init(struct account *account, const struct network *network, int64_t capacity);
void account_clear(struct account *account);

/* A step begins.  velocity: NULL without momentum. */
void account_begin(struct account *account, const struct network *network, const struct network *velocity);
/* An example of it, after its backward pass.  weights: per layer. */
void account_add(struct account *account, int64_t sample, const float *weights, const struct pass *pass);

/* How the step moved the network: by −rate · (scale · Σ weighted gradients + momentum · velocity). */
struct account_step {
    double rate, scale, momentum;
};
/* The step is done: fills `layers`.  @local   @source METHODS: contribution, share and conservation */
void account_end(struct account *account, const struct network *network, const struct account_step *step);

#endif
