#include "reference/train_config.h"

#include <math.h>
#include <string.h>

static const char *const schedules[] = {
    [RATE_CONSTANT] = "constant", [RATE_STEP] = "step", [RATE_COSINE] = "cosine", NULL};

#define AT(member) offsetof(struct train_config, member)
static const struct field fields[] = {
    {"data.images", FIELD_STRING, AT(images), SCOPE_RESULT, NULL, 0, 0, NULL,
     "npy file of images: u8 [n, 64], pixels 0 to 16"},
    {"data.labels", FIELD_STRING, AT(labels), SCOPE_RESULT, NULL, 0, 0, NULL, "npy file of labels: u8 [n], 0 to 9"},
    {"directory", FIELD_STRING, AT(directory), SCOPE_EXECUTION, NULL, 0, 0, NULL,
     "where the hand-over is written: samples, order, checkpoints, captures, autoencoder, pairs, and last train.json"},
    {"seed", FIELD_INTEGER, AT(seed), SCOPE_RESULT, "1", 0, 9007199254740991.0, NULL,
     "decides the split, the initial weights and the order of samples"},
    {"hidden", FIELD_NUMBERS, AT(hidden), SCOPE_RESULT, "[64, 32]", 1, 4096, NULL,
     "widths of the hidden layers, from input to output; [] is softmax regression"},
    {"epochs", FIELD_INTEGER, AT(epochs), SCOPE_RESULT, "20", 1, 1000, NULL, "passes over the training split"},
    {"batch", FIELD_INTEGER, AT(batch), SCOPE_RESULT, "32", 1, 65536, NULL, "examples per step of SGD"},
    {"learning_rate.initial", FIELD_NUMBER, AT(rate.initial), SCOPE_RESULT, "0.3", 1e-9, 1e3, NULL,
     "learning rate of the first step (gradients are means over the batch)"},
    {"learning_rate.schedule", FIELD_CHOICE, AT(rate.schedule), SCOPE_RESULT, "\"cosine\"", 0, 0, schedules,
     "constant; step: times `factor` after every `every` epochs; cosine: half a wave from `initial` to `final`"},
    {"learning_rate.final", FIELD_NUMBER, AT(rate.final), SCOPE_RESULT, "0.03", 0, 1e3, NULL,
     "cosine: learning rate at the end, at most `initial`"},
    {"learning_rate.every", FIELD_INTEGER, AT(rate.every), SCOPE_RESULT, "10", 1, 1000, NULL,
     "step: epochs between two drops"},
    {"learning_rate.factor", FIELD_NUMBER, AT(rate.factor), SCOPE_RESULT, "0.5", 1e-6, 1, NULL,
     "step: what a drop multiplies the learning rate by"},
    {"momentum", FIELD_NUMBER, AT(momentum), SCOPE_RESULT, "0", 0, 0.9999, NULL,
     "SGD with momentum: v = momentum · v + gradient, weights −= learning rate · v; 0 is plain SGD"},
    {"admission.policies", FIELD_STRING, AT(admission.policies), SCOPE_RESULT, "", 0, 0, NULL,
     "file of policies and depth profiles: which samples of the training split are trained on, and how strongly in "
     "each "
     "layer; without it, all are"},
    {"validation", FIELD_INTEGER, AT(validation), SCOPE_RESULT, "180", 1, 1e6, NULL, "samples in the validation split"},
    {"test", FIELD_INTEGER, AT(test), SCOPE_RESULT, "180", 1, 1e6, NULL, "samples in the test split"},
    {"queries", FIELD_INTEGER, AT(queries), SCOPE_RESULT, "40", 1, 1e6, NULL, "queries: the first of the test split"},
    {"checkpoint_every", FIELD_INTEGER, AT(checkpoint_every), SCOPE_RESULT, "2", 1, 1000, NULL,
     "epochs between two checkpoints; there is always one before the first step and one after the last"},
    {"rows_per_shard", FIELD_INTEGER, AT(rows_per_shard), SCOPE_RESULT, "512", 1, 1e6, NULL,
     "training samples per capture file"},
    {"sae.features", FIELD_INTEGER, AT(sae.features), SCOPE_RESULT, "96", 1, 16384, NULL,
     "features of the sparse autoencoder that is trained on the input of the last layer"},
    {"sae.active", FIELD_INTEGER, AT(sae.active), SCOPE_RESULT, "6", 1, 1024, NULL,
     "top-k: features that describe one sample, at most"},
    {"sae.epochs", FIELD_INTEGER, AT(sae.epochs), SCOPE_RESULT, "60", 1, 10000, NULL,
     "passes of the autoencoder over the training split"},
    {"sae.batch", FIELD_INTEGER, AT(sae.batch), SCOPE_RESULT, "64", 1, 65536, NULL, "samples per step of Adam"},
    {"sae.learning_rate", FIELD_NUMBER, AT(sae.rate), SCOPE_RESULT, "0.01", 1e-9, 1, NULL,
     "learning rate of its first step, from where it falls to zero in a line"},
    {"policy.probes", FIELD_INTEGER, AT(policy.probes), SCOPE_RESULT, "180", 1, 1e6, NULL,
     "images on which features and behaviour are measured: at most so many of the validation split, the digits as even "
     "as it has them"},
    {"policy.pairs", FIELD_INTEGER, AT(policy.pairs), SCOPE_RESULT, "200", 1, 1e6, NULL,
     "training pairs (image and label) that update the final network one at a time: at most so many of the training "
     "split, the digits as even as it has them"},
    {"policy.behaviours", FIELD_NUMBERS, AT(policy.behaviours), SCOPE_RESULT, "[3, 8, 9]", 0, 9, NULL,
     "digits whose probability is a behaviour, \"says 3\""},
    {"policy.intended", FIELD_INTEGER, AT(policy.intended), SCOPE_RESULT, "3", 1, 100, NULL,
     "features that a pair is meant to move: those that stand out most on the probes of its digit"},
    {"policy.learning_rate", FIELD_NUMBER, AT(policy.rate), SCOPE_RESULT, "0.1", 1e-9, 1e3, NULL,
     "learning rate of the one step of SGD on a pair alone"},
    {"interventions.controls", FIELD_INTEGER, AT(interventions.controls), SCOPE_RESULT, "0", 0, 1000, NULL,
     "mechanism: every feature, neuron and hidden layer is ablated and patched on the probes, and so many changes of "
     "equal size in random directions beside it; 0: none of it"},
    {"interventions.paired", FIELD_INTEGER, AT(interventions.paired), SCOPE_RESULT, "4", 2, 64, NULL,
     "mechanism: strongest features of each behaviour, ablated two at a time"},
    {"interventions.draws", FIELD_INTEGER, AT(interventions.draws), SCOPE_RESULT, "8", 1, 1000, NULL,
     "mechanism: random choices of features to keep, beside the strongest ones"},
    {"scenario.mislabelled", FIELD_NUMBER, AT(scenario.mislabelled), SCOPE_RESULT, "0", 0, 0.5, NULL,
     "planted truth: share of the training split that gets a wrong label"},
    {"scenario.duplicates", FIELD_INTEGER, AT(scenario.duplicates), SCOPE_RESULT, "0", 0, 1e6, NULL,
     "planted truth: training samples that become exact copies of others"},
    {"scenario.backdoor.samples", FIELD_INTEGER, AT(scenario.backdoor.samples), SCOPE_RESULT, "0", 0, 1e6, NULL,
     "planted truth: training samples of one policy that get a patch and the label `target`"},
    {"scenario.backdoor.policy", FIELD_STRING, AT(scenario.backdoor.policy), SCOPE_RESULT, "\"legacy-import\"", 0, 0,
     NULL, "the policy under which these samples were admitted"},
    {"scenario.backdoor.target", FIELD_INTEGER, AT(scenario.backdoor.target), SCOPE_RESULT, "0", 0, 9, NULL,
     "digit that the patch is to stand for"},
    {"scenario.backdoor.pixels", FIELD_NUMBERS, AT(scenario.backdoor.pixels), SCOPE_RESULT, "[0, 7, 56, 63]", 0, 63,
     NULL, "pixels of the patch, row by row from the top left; they become the brightest"},
    {"scenario.backdoor.queries", FIELD_INTEGER, AT(scenario.backdoor.queries), SCOPE_RESULT, "0", 0, 1e6, NULL,
     "queries, not of the target digit, that are asked once more with the patch and the label `target`"},
    {"retrain.subsets", FIELD_INTEGER, AT(retrain.subsets), SCOPE_RESULT, "0", 0, 1e6, NULL,
     "ground truth: random subsets of the training split that a network is trained on"},
    {"retrain.fraction", FIELD_NUMBER, AT(retrain.fraction), SCOPE_RESULT, "0.5", 0.01, 0.99, NULL,
     "share of the training split in each subset"},
    {"retrain.leave_one_out", FIELD_INTEGER, AT(retrain.leave_one_out), SCOPE_RESULT, "0", 0, 1e6, NULL,
     "ground truth: a network without each of so many first samples of the training split"},
    {"retrain.leave", FIELD_STRINGS, AT(retrain.leave), SCOPE_RESULT, "[]", 0, 0, NULL,
     "ids of further training samples to leave out alone"},
    {"retrain.groups", FIELD_STRINGS, AT(retrain.groups), SCOPE_RESULT, "[]", 0, 0, NULL,
     "ground truth: a network without each value of these columns of samples.jsonl (policy, license, source)"},
    {"retrain.seeds", FIELD_INTEGER, AT(retrain.seeds), SCOPE_RESULT, "1", 1, 1000, NULL,
     "networks per set, each with initial weights and an order of its own: what is left to chance"},
};
#undef AT

enum { MAX_HIDDEN = 16 };

static enum status check_widths(const struct numbers *hidden)
{
    if (hidden->n > MAX_HIDDEN)
        return fail(BAD_CONFIG, "train.hidden: expected at most %d layers, found %lld", MAX_HIDDEN,
                    (long long)hidden->n);
    for (int64_t i = 0; i < hidden->n; i++)
        if (rint(hidden->items[i]) != hidden->items[i])
            return fail(BAD_CONFIG, "train.hidden[%lld]: expected a whole number of units, found %.17g", (long long)i,
                        hidden->items[i]);
    return STATUS_OK;
}

static enum status check_behaviours(const struct numbers *behaviours)
{
    if (behaviours->n == 0)
        return fail(BAD_CONFIG, "train.policy.behaviours: expected at least one digit, found none");
    for (int64_t i = 0; i < behaviours->n; i++) {
        if (rint(behaviours->items[i]) != behaviours->items[i])
            return fail(BAD_CONFIG, "train.policy.behaviours[%lld]: expected a digit, found %.17g", (long long)i,
                        behaviours->items[i]);
        for (int64_t k = 0; k < i; k++)
            if (behaviours->items[k] == behaviours->items[i])
                return fail(BAD_CONFIG,
                            "train.policy.behaviours[%lld]: expected a digit that is not there yet, found "
                            "%g again",
                            (long long)i, behaviours->items[i]);
    }
    return STATUS_OK;
}

static enum status check_pixels(const struct numbers *pixels)
{
    if (pixels->n == 0)
        return fail(BAD_CONFIG, "train.scenario.backdoor.pixels: expected at least one pixel, found none");
    for (int64_t i = 0; i < pixels->n; i++)
        if (rint(pixels->items[i]) != pixels->items[i])
            return fail(BAD_CONFIG, "train.scenario.backdoor.pixels[%lld]: expected a pixel 0 to 63, found %.17g",
                        (long long)i, pixels->items[i]);
    return STATUS_OK;
}

const char *const governance_columns[] = {"policy", "license", "source", NULL};

static enum status check_groups(const struct strings *groups)
{
    for (int64_t i = 0; i < groups->n; i++) {
        int column = 0;
        while (governance_columns[column] != NULL && strcmp(governance_columns[column], groups->items[i]) != 0)
            column++;
        if (governance_columns[column] == NULL)
            return fail(BAD_CONFIG, "train.retrain.groups[%lld]: expected policy, license or source, found \"%s\"",
                        (long long)i, groups->items[i]);
        for (int64_t k = 0; k < i; k++)
            if (strcmp(groups->items[k], groups->items[i]) == 0)
                return fail(BAD_CONFIG, "train.retrain.groups[%lld]: expected each column once, found \"%s\" again",
                            (long long)i, groups->items[i]);
    }
    return STATUS_OK;
}

static enum status check_truth(const struct train_config *config)
{
    if (config->scenario.backdoor.queries > config->queries)
        return fail(BAD_CONFIG,
                    "train.scenario.backdoor.queries: expected at most the %lld of train.queries, found %lld",
                    (long long)config->queries, (long long)config->scenario.backdoor.queries);
    enum status status = check_pixels(&config->scenario.backdoor.pixels);
    return status == STATUS_OK ? check_groups(&config->retrain.groups) : status;
}

static enum status check_features(const struct train_config *config)
{
    if (config->sae.active > config->sae.features)
        return fail(BAD_CONFIG, "train.sae.active: expected at most the %lld features, found %lld",
                    (long long)config->sae.features, (long long)config->sae.active);
    if (config->policy.intended > config->sae.features)
        return fail(BAD_CONFIG, "train.policy.intended: expected at most the %lld features of train.sae, found %lld",
                    (long long)config->sae.features, (long long)config->policy.intended);
    return STATUS_OK;
}

static enum status check_fields(const void *values)
{
    const struct train_config *config = values;
    if (config->rate.schedule == RATE_COSINE && config->rate.final > config->rate.initial)
        return fail(BAD_CONFIG, "train.learning_rate.final: expected at most `initial` (%g), found %g",
                    config->rate.initial, config->rate.final);
    if (config->queries > config->test)
        return fail(BAD_CONFIG, "train.queries: expected at most the %lld samples of the test split, found %lld",
                    (long long)config->test, (long long)config->queries);
    enum status status = check_widths(&config->hidden);
    if (status == STATUS_OK)
        status = check_features(config);
    if (status == STATUS_OK)
        status = check_behaviours(&config->policy.behaviours);
    return status == STATUS_OK ? check_truth(config) : status;
}

const struct section train_section = {
    .name = "train",
    .text =
        "The reference workload: a small multilayer perceptron trained by plain SGD, with everything it hands over.",
    .fields = fields,
    .n_field = (int)(sizeof fields / sizeof *fields),
    .size = sizeof(struct train_config),
    .check = check_fields,
};
