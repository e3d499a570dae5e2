#include "reference/account.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

static int64_t parameters_of(const struct layer *layer)
{
    return (layer->n_in + 1) * layer->n_out;
}

void account_init(struct account *account, const struct network *network, int64_t capacity)
{
    int64_t n_layer = network->n_layer, most = 0;
    *account = (struct account){.n_layer = n_layer,
                                .capacity = capacity,
                                .samples = memory_allocate(capacity, sizeof *account->samples),
                                .losses = memory_allocate(capacity, sizeof *account->losses),
                                .input = memory_allocate(n_layer, sizeof *account->input),
                                .gradient = memory_allocate(n_layer, sizeof *account->gradient),
                                .layers = memory_allocate(n_layer, sizeof *account->layers)};
    network_init_like(&account->before, network);
    network_init_like(&account->kept, network);
    for (int64_t k = 0; k < n_layer; k++) {
        const struct layer *layer = &network->layers[k];
        most = parameters_of(layer) > most ? parameters_of(layer) : most;
        account->input[k] = memory_allocate(capacity * layer->n_in, sizeof(float));
        account->gradient[k] = memory_allocate(capacity * layer->n_out, sizeof(float));
        account->layers[k].norms = memory_allocate(capacity, sizeof(float));
        account->layers[k].shares = memory_allocate(capacity, sizeof(double));
    }
    account->change = memory_allocate(most, sizeof *account->change);
    account->rest = memory_allocate(most, sizeof *account->rest);
}

void account_clear(struct account *account)
{
    for (int64_t k = 0; k < account->n_layer; k++) {
        memory_free(account->input[k]);
        memory_free(account->gradient[k]);
        memory_free(account->layers[k].norms);
        memory_free(account->layers[k].shares);
    }
    memory_free(account->samples);
    memory_free(account->losses);
    memory_free(account->input);
    memory_free(account->gradient);
    memory_free(account->layers);
    memory_free(account->change);
    memory_free(account->rest);
    network_clear(&account->before);
    network_clear(&account->kept);
    *account = (struct account){0};
}

void account_begin(struct account *account, const struct network *network, const struct network *velocity)
{
    account->n = 0;
    network_copy(&account->before, network);
    if (velocity != NULL)
        network_copy(&account->kept, velocity);
}

void account_add(struct account *account, int64_t sample, const float *weights, const struct pass *pass)
{
    ASSERT(account->n < account->capacity);
    int64_t at = account->n++;
    account->samples[at] = sample;
    account->losses[at] = (float)pass->loss;
    for (int64_t k = 0; k < account->n_layer; k++) {
        const struct layer *layer = &account->before.layers[k];
        float *gradient = account->gradient[k] + at * layer->n_out;
        memcpy(account->input[k] + at * layer->n_in, pass->input[k], (size_t)layer->n_in * sizeof(float));
        for (int64_t j = 0; j < layer->n_out; j++)
            gradient[j] = weights[k] == 0 ? 0 : weights[k] * pass->gradient[k][j];
    }
}

/* ---- the sums, all in double and in order ------------------------------------------------------------------------ */

/* into += factor · row */
static void add_scaled(double *restrict into, const float *restrict row, double factor, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        into[i] += factor * (double)row[i];
}

static double square_sum(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

static double square_sum_of_floats(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/* into[] = factor · (weights, then biases) of a layer, added to what is there. */
static void add_layer(double *into, const struct layer *layer, double factor)
{
    int64_t n_weight = layer->n_in * layer->n_out;
    add_scaled(into, layer->weight, factor, n_weight);
    add_scaled(into + n_weight, layer->bias, factor, layer->n_out);
}

static double layer_norm(const struct layer *layer)
{
    return sqrt(square_sum_of_floats(layer->weight, layer->n_in * layer->n_out) +
                square_sum_of_floats(layer->bias, layer->n_out));
}

static double layer_dot(const struct layer *layer, const double *change)
{
    int64_t n_weight = layer->n_in * layer->n_out;
    double sum = 0;
    for (int64_t i = 0; i < n_weight; i++)
        sum += (double)layer->weight[i] * change[i];
    for (int64_t j = 0; j < layer->n_out; j++)
        sum += (double)layer->bias[j] * change[n_weight + j];
    return sum;
}

/* Σ over weights and biases of change · (a ⊗ δ); `row` has room for n_out. */
static double example_dot(const struct layer *layer, const double *change, const float *input, const float *gradient,
                          double *row)
{
    int64_t n_out = layer->n_out;
    memcpy(row, change + layer->n_in * n_out, (size_t)n_out * sizeof *row);
    for (int64_t i = 0; i < layer->n_in; i++) {
        double a = (double)input[i];
        const double *of_input = change + i * n_out;
        for (int64_t j = 0; a != 0 && j < n_out; j++)
            row[j] += a * of_input[j];
    }
    double sum = 0;
    for (int64_t j = 0; j < n_out; j++)
        sum += row[j] * (double)gradient[j];
    return sum;
}

/* rest −= factor · (a ⊗ δ) */
static void take_example(const struct layer *layer, double *rest, const float *input, const float *gradient,
                         double factor)
{
    int64_t n_out = layer->n_out;
    for (int64_t i = 0; i < layer->n_in; i++)
        if (input[i] != 0)
            add_scaled(rest + i * n_out, gradient, -factor * (double)input[i], n_out);
    add_scaled(rest + layer->n_in * n_out, gradient, -factor, n_out);
}

static void account_layer(struct account *account, int64_t k, const struct layer *after,
                          const struct account_step *step)
{
    struct layer_account *result = &account->layers[k];
    const struct layer *before = &account->before.layers[k], *velocity = &account->kept.layers[k];
    int64_t n_parameter = parameters_of(after);
    double *change = account->change, *rest = account->rest, factor = -step->rate * step->scale, sum = 0;
    double *row = memory_allocate(after->n_out, sizeof *row);
    memset(change, 0, (size_t)n_parameter * sizeof *change);
    add_layer(change, after, 1);
    add_layer(change, before, -1); /* exact: both are floats */
    memcpy(rest, change, (size_t)n_parameter * sizeof *rest);
    double squared = square_sum(change, n_parameter);
    for (int64_t i = 0; i < account->n; i++) {
        const float *input = account->input[k] + i * after->n_in, *gradient = account->gradient[k] + i * after->n_out;
        double norm = fabs(factor) * sqrt(square_sum_of_floats(gradient, after->n_out) *
                                          (square_sum_of_floats(input, after->n_in) + 1));
        double dot = example_dot(after, change, input, gradient, row);
        result->norms[i] = (float)norm;
        result->shares[i] = squared > 0 ? factor * dot / squared : 0;
        take_example(after, rest, input, gradient, factor);
        sum += norm;
    }
    double of_velocity = -step->rate * step->momentum;
    result->momentum_norm = fabs(of_velocity) * layer_norm(velocity);
    result->momentum_share = squared > 0 ? of_velocity * layer_dot(velocity, change) / squared : 0;
    add_layer(rest, velocity, -of_velocity);
    result->delta_norm = sqrt(squared);
    result->residual = sqrt(square_sum(rest, n_parameter));
    result->rounding = (double)FLT_EPSILON * (layer_norm(before) + sum + result->momentum_norm);
    memory_free(row);
}

void account_end(struct account *account, const struct network *network, const struct account_step *step)
{
    for (int64_t k = 0; k < account->n_layer; k++)
        account_layer(account, k, &network->layers[k], step);
}
