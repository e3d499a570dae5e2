#include "reference/network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "exact/elementary.h"
#include "reference/float_rows.h"
#include "reference/rng.h"

char *layer_name(int64_t k, char name[LAYER_NAME_BYTES])
{
    snprintf(name, LAYER_NAME_BYTES, "fc%lld", (long long)k + 1);
    return name;
}

void network_init(struct network *network, const int64_t *widths, int64_t n_layer)
{
    *network = (struct network){.n_layer = n_layer, .layers = memory_allocate(n_layer, sizeof *network->layers)};
    for (int64_t k = 0; k < n_layer; k++)
        network->layers[k] = (struct layer){
            .n_in = widths[k],
            .n_out = widths[k + 1],
            .weight = memory_allocate(widths[k] * widths[k + 1], sizeof(float)),
            .bias = memory_allocate(widths[k + 1], sizeof(float)),
        };
}

void network_clear(struct network *network)
{
    for (int64_t k = 0; k < network->n_layer; k++) {
        memory_free(network->layers[k].weight);
        memory_free(network->layers[k].bias);
    }
    memory_free(network->layers);
    *network = (struct network){0};
}

void network_init_like(struct network *network, const struct network *other)
{
    int64_t *widths = memory_allocate(other->n_layer + 1, sizeof *widths);
    widths[0] = other->layers[0].n_in;
    for (int64_t k = 0; k < other->n_layer; k++)
        widths[k + 1] = other->layers[k].n_out;
    network_init(network, widths, other->n_layer);
    memory_free(widths);
}

void network_copy(struct network *to, const struct network *from)
{
    for (int64_t k = 0; k < from->n_layer; k++) {
        const struct layer *layer = &from->layers[k];
        memcpy(to->layers[k].weight, layer->weight, (size_t)(layer->n_in * layer->n_out) * sizeof(float));
        memcpy(to->layers[k].bias, layer->bias, (size_t)layer->n_out * sizeof(float));
    }
}

void network_randomise(struct network *network, int64_t seed)
{
    for (int64_t k = 0; k < network->n_layer; k++) {
        struct layer *layer = &network->layers[k];
        float limit = (float)sqrt(6 / (double)layer->n_in);
        struct rng rng;
        rng_init(&rng, seed, STREAM_WEIGHTS, k);
        for (int64_t i = 0; i < layer->n_in * layer->n_out; i++)
            layer->weight[i] = (2 * rng_uniform(&rng) - 1) * limit;
        memset(layer->bias, 0, (size_t)layer->n_out * sizeof(float));
    }
}

void pass_init(struct pass *pass, const struct network *network)
{
    int64_t n_layer = network->n_layer, n_out = network->layers[n_layer - 1].n_out;
    *pass = (struct pass){.n_layer = n_layer,
                          .input = memory_allocate(n_layer, sizeof *pass->input),
                          .gradient = memory_allocate(n_layer, sizeof *pass->gradient),
                          .logits = memory_allocate(n_out, sizeof *pass->logits),
                          .probability = memory_allocate(n_out, sizeof *pass->probability)};
    int64_t widest = 0;
    for (int64_t k = 0; k < n_layer; k++) {
        widest = network->layers[k].n_out > widest ? network->layers[k].n_out : widest;
        pass->input[k] = memory_allocate(network->layers[k].n_in, sizeof(float));
        pass->gradient[k] = memory_allocate(network->layers[k].n_out, sizeof(float));
    }
    pass->weighted = memory_allocate(widest, sizeof *pass->weighted);
}

void pass_clear(struct pass *pass)
{
    for (int64_t k = 0; k < pass->n_layer; k++) {
        memory_free(pass->input[k]);
        memory_free(pass->gradient[k]);
    }
    memory_free(pass->input);
    memory_free(pass->gradient);
    memory_free(pass->weighted);
    memory_free(pass->logits);
    memory_free(pass->probability);
    *pass = (struct pass){0};
}

/* y = bias + Σ_i x_i · row i, in order of i.  A zero input adds nothing and is passed over: half of all pixels and of
 * all ReLU outputs are zero. */
static void layer_apply(const struct layer *layer, const float *x, float *y)
{
    memcpy(y, layer->bias, (size_t)layer->n_out * sizeof *y);
    for (int64_t i = 0; i < layer->n_in; i++)
        if (x[i] != 0)
            row_add_scaled(y, layer->weight + i * layer->n_out, x[i], layer->n_out);
}

/* From layer `first` on to the logits, which also become pass->probability. */
static void hidden_forward(const struct network *network, int64_t first, struct pass *pass)
{
    int64_t last = network->n_layer - 1, n_class = network->layers[last].n_out;
    for (int64_t k = first; k < last; k++) {
        float *y = pass->input[k + 1];
        layer_apply(&network->layers[k], pass->input[k], y);
        for (int64_t j = 0; j < network->layers[k].n_out; j++)
            y[j] = y[j] <= 0 ? 0 : y[j]; /* lets a NaN through, so that a divergence shows in the loss */
    }
    layer_apply(&network->layers[last], pass->input[last], pass->logits);
    for (int64_t j = 0; j < n_class; j++)
        pass->probability[j] = (double)pass->logits[j];
}

void network_resume(const struct network *network, int64_t first, struct pass *pass)
{
    hidden_forward(network, first, pass);
    exact_softmax(pass->probability, network->layers[network->n_layer - 1].n_out, pass->probability);
}

void network_forward(const struct network *network, const float *x, int64_t label, struct pass *pass)
{
    int64_t n_class = network->layers[network->n_layer - 1].n_out;
    memcpy(pass->input[0], x, (size_t)network->layers[0].n_in * sizeof *x);
    hidden_forward(network, 0, pass);
    double *z = pass->probability; /* logits first, softmax in place */
    pass->loss = exact_logsumexp(z, n_class) - z[label];
    exact_softmax(z, n_class, z);
}

void network_backward(const struct network *network, int64_t label, struct pass *pass)
{
    int64_t last = network->n_layer - 1;
    for (int64_t j = 0; j < network->layers[last].n_out; j++)
        pass->gradient[last][j] = (float)(pass->probability[j] - (j == label ? 1 : 0));
    for (int64_t k = last; k > 0; k--) {
        const struct layer *layer = &network->layers[k];
        const float *above = pass->gradient[k];
        for (int64_t i = 0; i < layer->n_in; i++) {
            float sum = 0;
            if (pass->input[k][i] > 0) /* ReLU lets no gradient through where it is flat */
                for (int64_t j = 0; j < layer->n_out; j++)
                    sum += layer->weight[i * layer->n_out + j] * above[j];
            pass->gradient[k - 1][i] = sum;
        }
    }
}

int64_t pass_prediction(const struct network *network, const struct pass *pass)
{
    int64_t best = 0;
    for (int64_t j = 1; j < network->layers[network->n_layer - 1].n_out; j++)
        if (pass->logits[j] > pass->logits[best])
            best = j;
    return best;
}

static void layer_add_gradient(struct layer *sum, const float *x, const float *gradient)
{
    for (int64_t i = 0; i < sum->n_in; i++)
        if (x[i] != 0)
            row_add_scaled(sum->weight + i * sum->n_out, gradient, x[i], sum->n_out);
    row_add_scaled(sum->bias, gradient, 1, sum->n_out);
}

void network_add_gradient(struct network *sum, const struct pass *pass)
{
    for (int64_t k = 0; k < sum->n_layer; k++)
        layer_add_gradient(&sum->layers[k], pass->input[k], pass->gradient[k]);
}

void network_add_weighted_gradient(struct network *sum, const float *weights, const struct pass *pass)
{
    for (int64_t k = 0; k < sum->n_layer; k++) {
        if (weights[k] == 0)
            continue;
        for (int64_t j = 0; j < sum->layers[k].n_out; j++)
            pass->weighted[j] = weights[k] * pass->gradient[k][j];
        layer_add_gradient(&sum->layers[k], pass->input[k], pass->weighted);
    }
}

void network_descend(struct network *network, struct network *sum, float scale)
{
    for (int64_t k = 0; k < network->n_layer; k++) {
        struct layer *layer = &network->layers[k], *gradient = &sum->layers[k];
        int64_t n_weight = layer->n_in * layer->n_out;
        row_add_scaled(layer->weight, gradient->weight, -scale, n_weight);
        row_add_scaled(layer->bias, gradient->bias, -scale, layer->n_out);
        memset(gradient->weight, 0, (size_t)n_weight * sizeof(float));
        memset(gradient->bias, 0, (size_t)layer->n_out * sizeof(float));
    }
}

static void descend_with_momentum(struct momentum *momentum, float *weight, float *velocity, float *sum, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        velocity[i] = momentum->momentum * velocity[i] + momentum->scale * sum[i];
    row_add_scaled(weight, velocity, -momentum->rate, n);
    memset(sum, 0, (size_t)n * sizeof *sum);
}

void network_descend_with_momentum(struct network *network, struct momentum *momentum, struct network *sum)
{
    for (int64_t k = 0; k < network->n_layer; k++) {
        struct layer *layer = &network->layers[k], *velocity = &momentum->velocity.layers[k];
        descend_with_momentum(momentum, layer->weight, velocity->weight, sum->layers[k].weight,
                              layer->n_in * layer->n_out);
        descend_with_momentum(momentum, layer->bias, velocity->bias, sum->layers[k].bias, layer->n_out);
    }
}
