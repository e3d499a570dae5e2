#include "reference/train_config.h"

#include <math.h>

static const char *const schedules[] = {
    [RATE_CONSTANT] = "constant", [RATE_STEP] = "step", [RATE_COSINE] = "cosine", NULL};

#define AT(member) offsetof(struct train_config, member)
static const struct field fields[] = {
    {"data.images", FIELD_STRING, AT(images), SCOPE_RESULT, NULL, 0, 0, NULL,
     "npy file of images: u8 [n, 64], pixels 0 to 16"},
    {"data.labels", FIELD_STRING, AT(labels), SCOPE_RESULT, NULL, 0, 0, NULL, "npy file of labels: u8 [n], 0 to 9"},
    {"directory", FIELD_STRING, AT(directory), SCOPE_EXECUTION, NULL, 0, 0, NULL,
     "where the hand-over is written: samples, order, checkpoints, captures, and last train.json"},
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
    {"validation", FIELD_INTEGER, AT(validation), SCOPE_RESULT, "180", 1, 1e6, NULL, "samples in the validation split"},
    {"test", FIELD_INTEGER, AT(test), SCOPE_RESULT, "180", 1, 1e6, NULL, "samples in the test split"},
    {"queries", FIELD_INTEGER, AT(queries), SCOPE_RESULT, "40", 1, 1e6, NULL, "queries: the first of the test split"},
    {"checkpoint_every", FIELD_INTEGER, AT(checkpoint_every), SCOPE_RESULT, "2", 1, 1000, NULL,
     "epochs between two checkpoints; there is always one before the first step and one after the last"},
    {"rows_per_shard", FIELD_INTEGER, AT(rows_per_shard), SCOPE_RESULT, "512", 1, 1e6, NULL,
     "training samples per capture file"},
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

static enum status check_fields(const void *values)
{
    const struct train_config *config = values;
    if (config->rate.schedule == RATE_COSINE && config->rate.final > config->rate.initial)
        return fail(BAD_CONFIG, "train.learning_rate.final: expected at most `initial` (%g), found %g",
                    config->rate.initial, config->rate.final);
    if (config->queries > config->test)
        return fail(BAD_CONFIG, "train.queries: expected at most the %lld samples of the test split, found %lld",
                    (long long)config->test, (long long)config->queries);
    return check_widths(&config->hidden);
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
