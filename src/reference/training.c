#include "reference/training.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "reference/rng.h"

/* A fresh permutation of the training rows for each epoch, cut into batches. */
static void draw_order(struct training *training, int64_t seed)
{
    const struct train_plan *plan = training->plan;
    int64_t batch = training->config->batch;
    for (int64_t epoch = 0; epoch < training->config->epochs; epoch++) {
        int64_t *rows = training->order + epoch * plan->steps_per_epoch * batch;
        for (int64_t i = 0; i < plan->steps_per_epoch * batch; i++)
            rows[i] = i < plan->n_train ? i : -1;
        struct rng rng;
        rng_init(&rng, seed, STREAM_ORDER, epoch);
        rng_shuffle(&rng, rows, plan->n_train);
    }
}

static void set_weights(struct training *training)
{
    int64_t n_layer = training->network.n_layer;
    training->weights = memory_allocate(training->plan->n_train * n_layer, sizeof *training->weights);
    for (int64_t r = 0; r < training->plan->n_train; r++)
        for (int64_t k = 0; k < n_layer; k++)
            training->weights[r * n_layer + k] =
                admissions_weight(training->admissions, training->splits.rows[SPLIT_TRAIN][r], k);
}

void training_init(struct training *training, const struct train_config *config, const struct train_plan *plan,
                   const struct images *images, const struct admissions *admissions)
{
    *training = (struct training){.config = config, .plan = plan, .images = images, .admissions = admissions};
    int64_t n_layer = config->hidden.n + 1, *widths = memory_allocate(n_layer + 1, sizeof *widths);
    widths[0] = N_PIXEL;
    for (int64_t k = 0; k < config->hidden.n; k++)
        widths[k + 1] = (int64_t)config->hidden.items[k];
    widths[n_layer] = N_CLASS;
    network_init(&training->network, widths, n_layer);
    network_init(&training->sum, widths, n_layer);
    memory_free(widths);
    pass_init(&training->pass, &training->network);

    if (config->momentum > 0)
        network_init_like(&training->momentum.velocity, &training->network);

    splits_init(&training->splits, plan, config->seed);
    training->order = memory_allocate(plan->n_step * config->batch, sizeof *training->order);
    set_weights(training);
    training->rates = memory_allocate(plan->n_step, sizeof *training->rates);
    for (int64_t step = 0; step < plan->n_step; step++)
        training->rates[step] = learning_rate_at(&config->rate, plan, step);
    training_restart(training, config->seed, NULL);
}

void training_restart(struct training *training, int64_t seed, const uint8_t *kept)
{
    network_randomise(&training->network, seed);
    draw_order(training, seed);
    training->kept = kept;
    training->step = 0;
    for (int64_t k = 0; k < training->momentum.velocity.n_layer; k++) {
        struct layer *layer = &training->momentum.velocity.layers[k];
        memset(layer->weight, 0, (size_t)(layer->n_in * layer->n_out) * sizeof(float));
        memset(layer->bias, 0, (size_t)layer->n_out * sizeof(float));
    }
}

void training_clear(struct training *training)
{
    pass_clear(&training->pass);
    network_clear(&training->network);
    network_clear(&training->sum);
    network_clear(&training->momentum.velocity);
    memory_free(training->weights);
    splits_clear(&training->splits);
    memory_free(training->order);
    memory_free(training->rates);
    *training = (struct training){0};
}

/* Sends sample i through the network; the loss of its label. */
static double forward(struct training *training, int64_t i)
{
    float x[N_PIXEL];
    images_get(training->images, i, x);
    network_forward(&training->network, x, training->images->labels[i], &training->pass);
    return training->pass.loss;
}

/* What the sum of n weighted gradients does to the network. */
static void descend(struct training *training, int64_t n)
{
    double rate = training->rates[training->step];
    struct account_step step;
    if (training->config->momentum > 0) {
        struct momentum *momentum = &training->momentum;
        momentum->momentum = (float)training->config->momentum;
        momentum->scale = (float)(1 / (double)n);
        momentum->rate = (float)rate;
        network_descend_with_momentum(&training->network, momentum, &training->sum);
        step = (struct account_step){(double)momentum->rate, (double)momentum->scale, (double)momentum->momentum};
    } else {
        float scale = (float)(rate / (double)n);
        network_descend(&training->network, &training->sum, scale);
        step = (struct account_step){1, (double)scale, 0};
    }
    if (training->account != NULL)
        account_end(training->account, &training->network, &step);
}

enum status training_step(struct training *training)
{
    int64_t batch = training->config->batch, n = 0;
    const int64_t *rows = training->order + training->step * batch;
    if (training->account != NULL)
        account_begin(training->account, &training->network,
                      training->config->momentum > 0 ? &training->momentum.velocity : NULL);
    for (; n < batch && rows[n] >= 0; n++) {
        if (training->kept != NULL && !training->kept[rows[n]])
            continue;
        int64_t sample = training->splits.rows[SPLIT_TRAIN][rows[n]];
        const float *weights = training->weights + rows[n] * training->network.n_layer;
        if (!isfinite(forward(training, sample)))
            return fail(NOT_CONVERGED,
                        "training: the loss left the finite numbers at step %lld; use a smaller "
                        "train.learning_rate.initial than %g",
                        (long long)training->step, training->config->rate.initial);
        network_backward(&training->network, training->images->labels[sample], &training->pass);
        network_add_weighted_gradient(&training->sum, weights, &training->pass);
        if (training->account != NULL)
            account_add(training->account, sample, weights, &training->pass);
    }
    descend(training, n);
    training->step++;
    progress_add(&training->progress, 1);
    return STATUS_OK;
}

struct evaluation training_evaluate(struct training *training, enum split split)
{
    int64_t n = training->splits.n[split], n_right = 0;
    double loss = 0;
    for (int64_t r = 0; r < n; r++) {
        int64_t sample = training->splits.rows[split][r];
        loss += forward(training, sample);
        n_right += pass_prediction(&training->network, &training->pass) == training->images->labels[sample];
    }
    return (struct evaluation){.loss = loss / (double)n, .accuracy = (double)n_right / (double)n};
}
