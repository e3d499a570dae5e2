#include "counterfactual/counterfactual_config.h"

#include <string.h>

static const char *const outputs[] = {"loss", "margin", NULL};

#define AT(member) offsetof(struct counterfactual_config, member)

static const struct field fields[] = {
    {.path = "queries", .type = FIELD_STRING, .offset = AT(queries), .text = "JSON Lines file, as influence.queries"},
    {.path = "checkpoint",
     .type = FIELD_STRING,
     .offset = AT(checkpoint),
     .fallback = "",
     .text = "what {checkpoint} stands for in the names below; default: the last one of checkpoints.file"},
    {.path = "scenarios",
     .type = FIELD_STRING,
     .offset = AT(scenarios),
     .fallback = "",
     .text = "JSON Lines file, one scenario per line: name, and what is left out: ids, groups ({column: [values]})"},
    {.path = "without",
     .type = FIELD_STRINGS,
     .offset = AT(without),
     .fallback = "[]",
     .text = "further scenarios, as COLUMN=VALUE of samples.group_by, or id=ID"},
    {.path = "groups",
     .type = FIELD_BOOLEAN,
     .offset = AT(groups),
     .fallback = "true",
     .text = "a scenario for every value of every column of samples.group_by"},
    {.path = "top",
     .type = FIELD_INTEGER,
     .offset = AT(top),
     .fallback = "3",
     .minimum = 0,
     .maximum = 1000,
     .text = "a scenario for each of the so many strongest proponents of every query"},
    {.path = "ridge.features",
     .type = FIELD_STRING,
     .offset = AT(ridge.features),
     .fallback = "",
     .text =
         "tensor of features of the training examples, on which a ridge head is fitted; without it, no ridge level"},
    {.path = "ridge.targets",
     .type = FIELD_STRING,
     .offset = AT(ridge.targets),
     .fallback = "",
     .text = "tensor of what is fitted, training examples x outputs; or ridge.labels, or ridge.key"},
    {.path = "ridge.labels",
     .type = FIELD_STRING,
     .offset = AT(ridge.labels),
     .fallback = "",
     .text = "tensor of integer labels of the training examples, fitted one-hot"},
    {.path = "ridge.key",
     .type = FIELD_STRING,
     .offset = AT(ridge.key),
     .fallback = "",
     .text = "key of samples.file whose values are fitted one-hot"},
    {.path = "ridge.queries",
     .type = FIELD_STRING,
     .offset = AT(ridge.queries),
     .fallback = "",
     .text = "tensor of features of the queries"},
    {.path = "ridge.lambda",
     .type = FIELD_NUMBER,
     .offset = AT(ridge.lambda),
     .fallback = "1",
     .minimum = 1e-30,
     .maximum = 1e30,
     .text = "penalty of the squared coefficients, but for the intercept"},
    {.path = "ridge.threshold",
     .type = FIELD_NUMBER,
     .offset = AT(ridge.threshold),
     .fallback = "0.5",
     .minimum = -1e30,
     .maximum = 1e30,
     .text = "where a single output changes sides; several: the largest is predicted"},
    {.path = "ridge.loo",
     .type = FIELD_BOOLEAN,
     .offset = AT(ridge.loo),
     .fallback = "true",
     .text = "also write what each example alone changes (8 bytes x examples x queries)"},
    {.path = "network.logits",
     .type = FIELD_STRING,
     .offset = AT(network.logits),
     .fallback = "",
     .text = "tensor queries x classes of the network, by which sets that flip a query are judged"},
    {.path = "network.labels",
     .type = FIELD_STRING,
     .offset = AT(network.labels),
     .fallback = "",
     .text = "tensor of the queries' integer labels: those of the losses that were scored"},
    {.path = "network.scale",
     .type = FIELD_NUMBER,
     .offset = AT(network.scale),
     .fallback = "",
     .minimum = 1e-30,
     .maximum = 1e30,
     .text = "change of a loss per score; default: the slope against the models trained again where truth.output is "
             "loss, else 1"},
    {.path = "bootstrap",
     .type = FIELD_INTEGER,
     .offset = AT(bootstrap),
     .fallback = "200",
     .minimum = 0,
     .maximum = 100000,
     .text = "replicates of the bootstrap over examples; 0: none"},
    {.path = "seed",
     .type = FIELD_INTEGER,
     .offset = AT(seed),
     .fallback = "1",
     .minimum = 0,
     .maximum = 1e15,
     .text = "of the bootstrap and of the random control"},
    {.path = "flip.most",
     .type = FIELD_INTEGER,
     .offset = AT(flip_most),
     .fallback = "50",
     .minimum = 0,
     .maximum = 10000,
     .text = "examples that may be removed to flip a query; 0: no such search"},
    {.path = "flip.candidates",
     .type = FIELD_INTEGER,
     .offset = AT(flip_candidates),
     .fallback = "500",
     .minimum = 1,
     .maximum = 20000,
     .text = "examples among which the search at ridge level looks: those that lower the margin most alone"},
    {.path = "truth.output",
     .type = FIELD_CHOICE,
     .offset = AT(truth.output),
     .fallback = "\"loss\"",
     .choices = outputs,
     .text = "what the outputs of retrained models are: loss, or margin (larger is better)"},
    {.path = "truth.baseline",
     .type = FIELD_STRING,
     .offset = AT(truth.baseline),
     .fallback = "",
     .text = "tensor [1 x] seeds x queries: outputs with nothing removed; without it, no validation"},
    {.path = "truth.subsets",
     .type = FIELD_STRING,
     .offset = AT(truth.subsets),
     .fallback = "",
     .text = "tensor u8 subsets x training examples, 1 = trained on"},
    {.path = "truth.subset_outputs",
     .type = FIELD_STRING,
     .offset = AT(truth.subset_outputs),
     .fallback = "",
     .text = "tensor subsets x [seeds x] queries: outputs of the models trained on them"},
    {.path = "truth.leave_one_out",
     .type = FIELD_STRING,
     .offset = AT(truth.leave_one_out),
     .fallback = "",
     .text = "as truth.subsets, one example removed in each row"},
    {.path = "truth.leave_one_out_outputs",
     .type = FIELD_STRING,
     .offset = AT(truth.leave_one_out_outputs),
     .fallback = "",
     .text = "as truth.subset_outputs"},
    {.path = "truth.groups",
     .type = FIELD_STRING,
     .offset = AT(truth.groups),
     .fallback = "",
     .text = "as truth.subsets, a group removed in each row"},
    {.path = "truth.group_outputs",
     .type = FIELD_STRING,
     .offset = AT(truth.group_outputs),
     .fallback = "",
     .text = "as truth.subset_outputs"},
    {.path = "truth.names",
     .type = FIELD_STRINGS,
     .offset = AT(truth.names),
     .fallback = "[]",
     .text = "names of further methods to compare, beside the scores of this run"},
    {.path = "truth.scores",
     .type = FIELD_STRINGS,
     .offset = AT(truth.scores),
     .fallback = "[]",
     .text = "their scores, one tensor training examples x queries each, such as OTHER/influence.h5:/scores"},
    {.path = "truth.inputs",
     .type = FIELD_STRING,
     .offset = AT(truth.inputs),
     .fallback = "",
     .text = "tensor of raw inputs of the training examples, for the control by similarity"},
    {.path = "truth.labels",
     .type = FIELD_STRING,
     .offset = AT(truth.labels),
     .fallback = "",
     .text = "tensor of integer labels of the training examples, for similarity within the same class"},
    {.path = "truth.query_inputs",
     .type = FIELD_STRING,
     .offset = AT(truth.query_inputs),
     .fallback = "",
     .text = "raw inputs of the queries"},
    {.path = "truth.query_labels",
     .type = FIELD_STRING,
     .offset = AT(truth.query_labels),
     .fallback = "",
     .text = "integer labels of the queries"},
    {.path = "block_rows",
     .type = FIELD_INTEGER,
     .offset = AT(block_rows),
     .fallback = "4096",
     .minimum = 1,
     .maximum = 1 << 20,
     .text = "training examples read at a time by one rank"},
    {.path = "memory",
     .type = FIELD_BYTES,
     .offset = AT(memory),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"2 GiB\"",
     .minimum = 1 << 20,
     .maximum = 1e15,
     .text = "bytes per rank that this job may use"},
};

/* Keys that mean something only together: both or neither. */
static enum status check_together(const char *one, const char *one_value, const char *other, const char *other_value)
{
    if ((one_value == NULL) == (other_value == NULL))
        return STATUS_OK;
    return fail(BAD_CONFIG, "counterfactual.%s: expected with counterfactual.%s, found only one of them", one, other);
}

static enum status check_ridge(const struct counterfactual_config *config)
{
    int n = (config->ridge.targets != NULL) + (config->ridge.labels != NULL) + (config->ridge.key != NULL);
    if (config->ridge.features != NULL && n != 1)
        return fail(BAD_CONFIG,
                    "counterfactual.ridge.targets: expected one of ridge.targets, ridge.labels and ridge.key, found %d",
                    n);
    if (config->ridge.features == NULL && n > 0)
        return fail(BAD_CONFIG, "counterfactual.ridge.features: expected the features that the other keys of ridge "
                                "speak of, found nothing");
    return check_together("ridge.queries", config->ridge.queries, "ridge.features", config->ridge.features);
}

static enum status check_truth(const struct counterfactual_config *config)
{
    enum status status =
        check_together("truth.subset_outputs", config->truth.subset_outputs, "truth.subsets", config->truth.subsets);
    if (status == STATUS_OK)
        status = check_together("truth.leave_one_out_outputs", config->truth.leave_one_out_outputs,
                                "truth.leave_one_out", config->truth.leave_one_out);
    if (status == STATUS_OK)
        status =
            check_together("truth.group_outputs", config->truth.group_outputs, "truth.groups", config->truth.groups);
    if (status == STATUS_OK)
        status = check_together("truth.query_inputs", config->truth.query_inputs, "truth.inputs", config->truth.inputs);
    if (status == STATUS_OK)
        status = check_together("truth.query_labels", config->truth.query_labels, "truth.labels", config->truth.labels);
    if (status != STATUS_OK)
        return status;
    bool any = config->truth.subsets || config->truth.leave_one_out || config->truth.groups;
    if (any != (config->truth.baseline != NULL))
        return fail(BAD_CONFIG, "counterfactual.truth.baseline: expected with at least one of truth.subsets, "
                                "truth.leave_one_out and truth.groups, found only one side");
    if (config->truth.baseline == NULL && (config->truth.inputs || config->truth.labels || config->truth.scores.n > 0))
        return fail(BAD_CONFIG,
                    "counterfactual.truth.baseline: expected the outputs that methods and controls are held "
                    "against, found nothing");
    if (config->truth.names.n != config->truth.scores.n)
        return fail(BAD_CONFIG,
                    "counterfactual.truth.names: expected a name for each of the %lld truth.scores, found "
                    "%lld",
                    (long long)config->truth.scores.n, (long long)config->truth.names.n);
    return STATUS_OK;
}

static enum status check(const void *values)
{
    const struct counterfactual_config *config = values;
    enum status status = check_ridge(config);
    if (status == STATUS_OK)
        status = check_together("network.labels", config->network.labels, "network.logits", config->network.logits);
    return status == STATUS_OK ? check_truth(config) : status;
}

const struct section counterfactual_section = {
    .name = "counterfactual",
    .text = "what would change without an example, a group, or all that a policy, license or source brought",
    .fields = fields,
    .n_field = sizeof fields / sizeof *fields,
    .size = sizeof(struct counterfactual_config),
    .check = check,
};
