#include "reference/probing.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "reference/float_rows.h"

void choose_evenly(const struct images *images, const int64_t *rows, int64_t n_row, int64_t n, int64_t *chosen)
{
    int64_t available[N_CLASS] = {0}, wanted[N_CLASS] = {0}, n_chosen = 0;
    ASSERT(n <= n_row);
    for (int64_t r = 0; r < n_row; r++)
        available[images->labels[rows[r]]]++;
    while (n_chosen < n)
        for (int digit = 0; digit < N_CLASS && n_chosen < n; digit++)
            if (wanted[digit] < available[digit]) {
                wanted[digit]++;
                n_chosen++;
            }
    int64_t at = 0;
    for (int digit = 0; digit < N_CLASS; digit++)
        for (int64_t r = 0, left = wanted[digit]; r < n_row && left > 0; r++)
            if (images->labels[rows[r]] == digit) {
                chosen[at++] = rows[r];
                left--;
            }
}

void probing_init(struct probing *probing, const struct training *training)
{
    const struct train_plan *plan = training->plan;
    const struct splits *splits = &training->splits;
    *probing = (struct probing){
        .network = &training->network,
        .images = training->images,
        .probes = memory_allocate(plan->n_probe, sizeof *probing->probes),
        .pairs = memory_allocate(plan->n_pair, sizeof *probing->pairs),
        .behaviours = memory_allocate(plan->n_behaviour, sizeof *probing->behaviours),
        .n_probe = plan->n_probe,
        .n_pair = plan->n_pair,
        .n_behaviour = plan->n_behaviour,
        .n_hidden = plan->n_hidden,
        .rate = training->config->policy.rate,
    };
    choose_evenly(training->images, splits->rows[SPLIT_VALIDATION], plan->n_validation, plan->n_probe, probing->probes);
    choose_evenly(training->images, splits->rows[SPLIT_TRAIN], plan->n_train, plan->n_pair, probing->pairs);
    for (int64_t b = 0; b < plan->n_behaviour; b++)
        probing->behaviours[b] = (int64_t)training->config->policy.behaviours.items[b];
}

void probing_clear(struct probing *probing)
{
    memory_free(probing->probes);
    memory_free(probing->pairs);
    memory_free(probing->behaviours);
    *probing = (struct probing){0};
}

static void forward(const struct network *network, const struct images *images, int64_t sample, struct pass *pass)
{
    float x[N_PIXEL];
    images_get(images, sample, x);
    network_forward(network, x, images->labels[sample], pass);
}

void hidden_of_samples(const struct network *network, const struct images *images, const int64_t *samples, int64_t n,
                       float *hidden)
{
    int64_t last = network->n_layer - 1, width = network->layers[last].n_in;
    struct pass pass;
    pass_init(&pass, network);
    for (int64_t r = 0; r < n; r++) {
        forward(network, images, samples[r], &pass);
        memcpy(hidden + r * width, pass.input[last], (size_t)width * sizeof *hidden);
    }
    pass_clear(&pass);
}

void probing_measure(const struct probing *probing, const struct network *network, const struct response *response)
{
    int64_t last = network->n_layer - 1, width = probing->n_hidden;
    struct pass pass;
    pass_init(&pass, network);
    for (int64_t r = 0; r < probing->n_probe; r++) {
        forward(network, probing->images, probing->probes[r], &pass);
        memcpy(response->hidden + r * width, pass.input[last], (size_t)width * sizeof(float));
        for (int64_t b = 0; b < probing->n_behaviour; b++)
            response->probability[r * probing->n_behaviour + b] = pass.probability[probing->behaviours[b]];
    }
    pass_clear(&pass);
}

static bool is_finite(const struct probing *probing, const struct response *response)
{
    int64_t n = probing->n_probe * probing->n_behaviour, good = 0;
    while (good < n && isfinite(response->probability[good]))
        good++;
    return good == n && row_is_finite(response->hidden, probing->n_probe * probing->n_hidden);
}

/* One step on pair i alone, from the network as it is, into `updated`; `gradient` is zero before and after. */
static void update(const struct probing *probing, int64_t i, struct network *updated, struct network *gradient)
{
    int64_t sample = probing->pairs[i];
    struct pass pass;
    pass_init(&pass, probing->network);
    forward(probing->network, probing->images, sample, &pass);
    network_backward(probing->network, probing->images->labels[sample], &pass);
    network_add_gradient(gradient, &pass);
    network_copy(updated, probing->network);
    network_descend(updated, gradient, (float)probing->rate);
    pass_clear(&pass);
}

enum status probing_update(const struct probing *probing, int64_t first, int64_t n, const struct response *response)
{
    struct network updated, gradient;
    network_init_like(&updated, probing->network);
    network_init_like(&gradient, probing->network);
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        const struct response of_pair = {response->hidden + i * probing->n_probe * probing->n_hidden,
                                         response->probability + i * probing->n_probe * probing->n_behaviour};
        char id[SAMPLE_ID_BYTES];
        update(probing, first + i, &updated, &gradient);
        probing_measure(probing, &updated, &of_pair);
        if (!is_finite(probing, &of_pair))
            status = fail(NOT_CONVERGED,
                          "the update on pair-%s leaves the finite numbers; use a smaller train.policy.learning_rate "
                          "than %g",
                          sample_id(probing->pairs[first + i], id), probing->rate);
    }
    network_clear(&updated);
    network_clear(&gradient);
    return status;
}
