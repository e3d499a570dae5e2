#include "reference/train_plan.h"

#include "reference/images.h"
#include "reference/samples.h"

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is known of the probes and pairs.  One rank holds all of their file. */
static enum status plan_probing(const struct train_config *config, struct train_plan *plan)
{
    enum { FILE_LIMIT = 1 << 30 };
    const struct numbers *hidden = &config->hidden;
    plan->n_hidden = hidden->n > 0 ? (int64_t)hidden->items[hidden->n - 1] : N_PIXEL;
    plan->n_probe = lesser(config->policy.probes, plan->n_validation);
    plan->n_pair = lesser(config->policy.pairs, plan->n_train);
    plan->n_behaviour = config->policy.behaviours.n;
    plan->pair_bytes = plan->n_probe * (4 * plan->n_hidden + 8 * plan->n_behaviour);
    if (plan->pair_bytes * plan->n_pair > FILE_LIMIT)
        return fail(BAD_CONFIG,
                    "train.policy.probes, train.policy.pairs: expected at most 1 GiB of activations and probabilities, "
                    "found %lld bytes of each of %lld pairs",
                    (long long)plan->pair_bytes, (long long)plan->n_pair);
    if (config->sae.features > plan->n_train)
        return fail(BAD_CONFIG, "train.sae.features: expected at most the %lld training samples, found %lld",
                    (long long)plan->n_train, (long long)config->sae.features);
    return STATUS_OK;
}

/* One rank holds all measurements of one kind. */
static enum status plan_interventions(const struct train_config *config, struct train_plan *plan)
{
    enum { N_KIND = 3, FILE_LIMIT = 1 << 30 };
    if (config->interventions.controls == 0)
        return STATUS_OK;
    plan->n_part = config->sae.features;
    for (int64_t l = 0; l < config->hidden.n; l++)
        plan->n_part += (int64_t)config->hidden.items[l] + 1;
    double cells = 8.0 * (double)plan->n_probe * (double)plan->n_behaviour;
    double bytes = N_KIND * cells * (double)plan->n_part * (double)config->interventions.controls;
    if (bytes > FILE_LIMIT)
        return fail(BAD_CONFIG,
                    "train.interventions.controls: expected at most 1 GiB of behaviours after random changes, found "
                    "%.0f bytes of %lld controls of each of %lld parts",
                    bytes, (long long)config->interventions.controls, (long long)plan->n_part);
    return STATUS_OK;
}

enum status train_plan_make(const struct train_config *config, int64_t n_sample, const uint8_t *rejected,
                            struct train_plan *plan)
{
    enum status status = train_section.check(config);
    if (status != STATUS_OK)
        return status;
    int64_t n_split = n_sample - config->validation - config->test;
    if (n_split < 1)
        return fail(
            BAD_CONFIG,
            "train.validation, train.test: expected fewer than the %lld samples of %s together, so that some are "
            "left to train on, found %lld and %lld",
            (long long)n_sample, config->images, (long long)config->validation, (long long)config->test);
    struct train_plan made = {
        .n_sample = n_sample,
        .n_validation = config->validation,
        .n_test = config->test,
        .n_query = config->queries + config->scenario.backdoor.queries,
        .rejected = rejected,
        .n_rejected = splits_count_rejected(config, n_sample, rejected),
        .n_checkpoint = 1 + divide_up(config->epochs, config->checkpoint_every),
    };
    made.n_train = n_split - made.n_rejected;
    if (made.n_train < 1)
        return fail(BAD_CONFIG, "train.admission.policies: expected some samples to train on, found all %lld rejected",
                    (long long)n_split);
    if (config->batch > made.n_train)
        return fail(BAD_CONFIG, "train.batch: expected at most the %lld training samples, found %lld",
                    (long long)made.n_train, (long long)config->batch);
    made.steps_per_epoch = divide_up(made.n_train, config->batch);
    made.n_step = config->epochs * made.steps_per_epoch;
    made.n_shard = divide_up(made.n_train, config->rows_per_shard);
    status = plan_probing(config, &made);
    if (status == STATUS_OK)
        status = plan_interventions(config, &made);
    if (status == STATUS_OK)
        *plan = made;
    return status;
}

int64_t train_plan_epoch(const struct train_config *config, const struct train_plan *plan, int64_t k)
{
    return k == plan->n_checkpoint - 1 ? config->epochs : k * config->checkpoint_every;
}

/* cos(pi t) for t in [0, 1], from its series: libm's last bit is not the same everywhere. */
static double cosine_of_half_turns(double t)
{
    if (t > 0.5)
        return -cosine_of_half_turns(1 - t);
    double x = 3.14159265358979323846 * t, square = x * x, term = 1, sum = 1;
    for (int k = 1; k <= 11; k++) { /* the next term is below 1e-19 at x = pi / 2 */
        term = -term * square / ((2 * k - 1) * (2 * k));
        sum += term;
    }
    return sum;
}

double learning_rate_at(const struct rate_config *rate, const struct train_plan *plan, int64_t step)
{
    double value = rate->initial;
    if (rate->schedule == RATE_STEP)
        for (int64_t drop = step / plan->steps_per_epoch / rate->every; drop > 0; drop--)
            value *= rate->factor;
    if (rate->schedule == RATE_COSINE) {
        double wave = (1 + cosine_of_half_turns((double)step / (double)plan->n_step)) / 2;
        value = rate->initial * wave + rate->final * (1 - wave); /* exact at both ends */
    }
    return value;
}
