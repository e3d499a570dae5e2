#include "reference/training.h"

#include <math.h>

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

void training_init(struct training *training, const struct train_config *config, const struct train_plan *plan,
                   const struct images *images)
{
    *training = (struct training){.config = config, .plan = plan, .images = images};
    int64_t n_layer = config->hidden.n + 1, *widths = memory_allocate(n_layer + 1, sizeof *widths);
    widths[0] = N_PIXEL;
    for (int64_t k = 0; k < config->hidden.n; k++)
        widths[k + 1] = (int64_t)config->hidden.items[k];
    widths[n_layer] = N_CLASS;
    network_init(&training->network, widths, n_layer);
    network_init(&training->sum, widths, n_layer);
    memory_free(widths);
    pass_init(&training->pass, &training->network);

    splits_init(&training->splits, plan, config->seed);
    training->order = memory_allocate(plan->n_step * config->batch, sizeof *training->order);
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
}

void training_clear(struct training *training)
{
    pass_clear(&training->pass);
    network_clear(&training->network);
    network_clear(&training->sum);
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

enum status training_step(struct training *training)
{
    int64_t batch = training->config->batch, n = 0;
    const int64_t *rows = training->order + training->step * batch;
    for (; n < batch && rows[n] >= 0; n++) {
        if (training->kept != NULL && !training->kept[rows[n]])
            continue;
        int64_t sample = training->splits.rows[SPLIT_TRAIN][rows[n]];
        if (!isfinite(forward(training, sample)))
            return fail(NOT_CONVERGED,
                        "training: the loss left the finite numbers at step %lld; use a smaller "
                        "train.learning_rate.initial than %g",
                        (long long)training->step, training->config->rate.initial);
        network_backward(&training->network, training->images->labels[sample], &training->pass);
        network_add_gradient(&training->sum, &training->pass);
    }
    network_descend(&training->network, &training->sum, (float)(training->rates[training->step] / (double)n));
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
