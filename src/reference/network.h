/* A multilayer perceptron in float32 whose every bit is decided by this code: Linear layers, ReLU between them, softmax
 * cross-entropy at the end.  Sums run in one fixed order; only independent outputs are vectorised. */
#ifndef ASSAY_REFERENCE_NETWORK_H
#define ASSAY_REFERENCE_NETWORK_H

#include <stdint.h>

struct layer {
    int64_t n_in, n_out;
    float *weight; /* owned; n_in × n_out: row i is what input i adds to the outputs (a file has the transpose) */
    float *bias;   /* owned; n_out */
};

struct network {
    int64_t n_layer;
    struct layer *layers; /* owned */
};

enum { LAYER_NAME_BYTES = 32 };
/* "fc1" of layer 0 */
char *layer_name(int64_t k, char name[LAYER_NAME_BYTES]);

/* widths[n_layer + 1]: inputs, hidden…, outputs.  All weights are zero. */
void network_init(struct network *network, const int64_t *widths, int64_t n_layer);
/* Of the same shape as `other`; all weights are zero. */
void network_init_like(struct network *network, const struct network *other);
void network_clear(struct network *network);
/* The weights of `from` in a network of the same shape. */
void network_copy(struct network *to, const struct network *from);
/* Weights uniform in ±sqrt(6 / n_in), which has He's variance 2 / n_in; biases zero.
 * @source He, Zhang, Ren, Sun, Delving Deep into Rectifiers, ICCV 2015 */
void network_randomise(struct network *network, int64_t seed);

/* What one example leaves behind on its way through. */
struct pass {
    int64_t n_layer;
    float **input;       /* owned; per layer its n_in inputs */
    float **gradient;    /* owned; per layer the gradient of the loss with respect to its n_out outputs */
    float *weighted;     /* owned; room for the gradients of the widest layer */
    float *logits;       /* owned; outputs of the last layer */
    double *probability; /* owned; softmax of the logits */
    double loss;         /* −log probability of the label, natural */
};

void pass_init(struct pass *pass, const struct network *network);
void pass_clear(struct pass *pass);

/* Fills everything but the gradients.  x: n_in of the first layer. */
void network_forward(const struct network *network, const float *x, int64_t label, struct pass *pass);
/* From layer `first` on, whose inputs are those in `pass`: everything behind them but loss and gradients. */
void network_resume(const struct network *network, int64_t first, struct pass *pass);
/* After a forward: the gradients of this example's loss (not divided by any batch size). */
void network_backward(const struct network *network, int64_t label, struct pass *pass);
/* The class with the largest logit, the first of equals. */
int64_t pass_prediction(const struct network *network, const struct pass *pass);

/* sum += the weight and bias gradients of one example; `sum` has the shape of the network. */
void network_add_gradient(struct network *sum, const struct pass *pass);
/* The same, with what goes into layer k multiplied by weights[k] before it is added: 1 changes no bit, 0 adds nothing,
 * whatever the gradient. */
void network_add_weighted_gradient(struct network *sum, const float *weights, const struct pass *pass);
/* network −= scale · sum, and sum = 0. */
void network_descend(struct network *network, struct network *sum, float scale);
/* velocity = momentum · velocity + scale · sum, network −= rate · velocity, and sum = 0. */
struct momentum {
    struct network velocity;
    float momentum, scale, rate;
};
void network_descend_with_momentum(struct network *network, struct momentum *momentum, struct network *sum);

#endif
