#include "policy/policy_config.h"

#include <string.h>

static const char *const forms[] = {"auto", "primal", "dual", NULL};
static const char *const choices[] = {"gcv", "loo", "first", NULL};
static const char *const kinds[] = {"probability", "value", NULL};
static const char *const states[] = {"after", "change", NULL};

#define AT(member) offsetof(struct policy_config, member)

static const struct field fields[] = {
    {.path = "probes",
     .type = FIELD_STRING,
     .offset = AT(probes),
     .text = "JSON Lines file, one probe per line: id, category, expected (names of behaviours expected of it)"},
    {.path = "features.values",
     .type = FIELD_STRING,
     .offset = AT(features.values),
     .fallback = "",
     .text = "tensor of features: probes x features alone, or the entries of sparse rows"},
    {.path = "features.indices",
     .type = FIELD_STRING,
     .offset = AT(features.indices),
     .fallback = "",
     .text = "of sparse rows: the feature of every entry, ascending within a row"},
    {.path = "features.starts",
     .type = FIELD_STRING,
     .offset = AT(features.starts),
     .fallback = "",
     .text = "of sparse rows: where each row starts among the entries, and the end"},
    {.path = "features.width",
     .type = FIELD_INTEGER,
     .offset = AT(width),
     .fallback = "",
     .minimum = 1,
     .maximum = 1 << 30,
     .text = "of sparse rows: number of features"},
    {.path = "features.activations",
     .type = FIELD_STRING,
     .offset = AT(features.activations),
     .fallback = "",
     .text = "tensor probes x width of the layer, which features.sae encodes"},
    {.path = "features.sae",
     .type = FIELD_STRING,
     .offset = AT(sae),
     .fallback = "",
     .text = "directory of a sparse autoencoder in the layout of SAELens or sparsify; encodes the pairs' too"},
    {.path = "features.labels",
     .type = FIELD_STRING,
     .offset = AT(labels),
     .fallback = "",
     .text = "JSON Lines file: index and label of features"},
    {.path = "behaviour.names",
     .type = FIELD_STRINGS,
     .offset = AT(behaviours),
     .text = "what is modelled, one name per column of behaviour.values"},
    {.path = "behaviour.kind",
     .type = FIELD_CHOICE,
     .offset = AT(behaviour_kind),
     .fallback = "\"probability\"",
     .choices = kinds,
     .text = "probability: in [0, 1], judged by AUC and log loss too; value: any number, such as a logit"},
    {.path = "behaviour.values",
     .type = FIELD_STRING,
     .offset = AT(behaviour_values),
     .text = "tensor probes x behaviours"},
    {.path = "ridge.lambda",
     .type = FIELD_NUMBERS,
     .offset = AT(lambda),
     .fallback = "[0.01, 0.1, 1, 10, 100]",
     .minimum = 1e-30,
     .maximum = 1e30,
     .text = "candidates of the penalty, all of them recorded"},
    {.path = "ridge.choose",
     .type = FIELD_CHOICE,
     .offset = AT(choice),
     .fallback = "\"gcv\"",
     .choices = choices,
     .text = "among candidates: by generalised cross-validation, exact leave-one-out, or the first; ties: the larger"},
    {.path = "ridge.form",
     .type = FIELD_CHOICE,
     .offset = AT(form),
     .fallback = "\"auto\"",
     .choices = forms,
     .text = "system of features (primal) or of probes (dual); auto: dual when probes <= features + 1"},
    {.path = "ridge.folds",
     .type = FIELD_INTEGER,
     .offset = AT(folds),
     .fallback = "5",
     .minimum = 0,
     .maximum = 1000,
     .text = "folds of cross-validation, probe i in fold i mod folds; 0: none"},
    {.path = "ridge.leverages",
     .type = FIELD_BOOLEAN,
     .offset = AT(leverages),
     .fallback = "true",
     .text = "leverages, exact leave-one-out residuals and generalised cross-validation"},
    {.path = "pairs.file",
     .type = FIELD_STRING,
     .offset = AT(pairs.file),
     .fallback = "",
     .text = "JSON Lines file, one training pair per line: id, intended (features it is meant to move)"},
    {.path = "pairs.group_by",
     .type = FIELD_STRINGS,
     .offset = AT(pairs.group_by),
     .fallback = "[]",
     .text = "keys of pairs.file by whose values pairs are compared"},
    {.path = "pairs.state",
     .type = FIELD_CHOICE,
     .offset = AT(pairs.state),
     .fallback = "\"after\"",
     .choices = states,
     .text = "what pairs.* hold: features and behaviour after the update, or their change"},
    {.path = "pairs.values",
     .type = FIELD_STRING,
     .offset = AT(pairs.features.values),
     .fallback = "",
     .text = "as features.values, pairs x probes x features, or the entries of pairs x probes sparse rows"},
    {.path = "pairs.indices",
     .type = FIELD_STRING,
     .offset = AT(pairs.features.indices),
     .fallback = "",
     .text = "as features.indices"},
    {.path = "pairs.starts",
     .type = FIELD_STRING,
     .offset = AT(pairs.features.starts),
     .fallback = "",
     .text = "as features.starts"},
    {.path = "pairs.activations",
     .type = FIELD_STRING,
     .offset = AT(pairs.features.activations),
     .fallback = "",
     .text = "as features.activations, pairs x probes x width of the layer"},
    {.path = "pairs.behaviour",
     .type = FIELD_STRING,
     .offset = AT(pairs.behaviour),
     .fallback = "",
     .text = "tensor pairs x probes x behaviours"},
    {.path = "gaps.about_zero",
     .type = FIELD_NUMBER,
     .offset = AT(gap_about_zero),
     .fallback = "0.02",
     .minimum = 0,
     .maximum = 1,
     .text = "a coefficient (x deviation) below this part of the behaviour's strongest is about zero"},
    {.path = "gaps.active",
     .type = FIELD_NUMBER,
     .offset = AT(gap_active),
     .fallback = "0.5",
     .minimum = 0,
     .maximum = 1,
     .text = "a feature that is not zero on at least this part of a category's probes is active there"},
    {.path = "keep.features",
     .type = FIELD_INTEGER,
     .offset = AT(keep_features),
     .fallback = "10",
     .minimum = 1,
     .maximum = 1000,
     .text = "features kept per pair and behaviour, and as evidence per gap"},
    {.path = "keep.pairs",
     .type = FIELD_INTEGER,
     .offset = AT(keep_pairs),
     .fallback = "10",
     .minimum = 1,
     .maximum = 1000,
     .text = "pairs kept per feature and behaviour"},
    {.path = "keep.watched",
     .type = FIELD_INTEGER,
     .offset = AT(keep_watched),
     .fallback = "10",
     .minimum = 1,
     .maximum = 1000,
     .text = "strongest features of each behaviour by which groups of pairs are compared"},
    {.path = "digits",
     .type = FIELD_INTEGER,
     .offset = AT(n_digit),
     .fallback = "4",
     .minimum = 1,
     .maximum = 4,
     .text =
         "7-bit digits per number in the primal system and in the encoder: 2^-7, 2^-14, 2^-21, 2^-28 of the largest"},
    {.path = "block_rows",
     .type = FIELD_INTEGER,
     .offset = AT(block_rows),
     .fallback = "1024",
     .minimum = 1,
     .maximum = 1 << 20,
     .text = "probes read at a time by one rank"},
    {.path = "memory",
     .type = FIELD_BYTES,
     .offset = AT(memory),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"2 GiB\"",
     .minimum = 1 << 20,
     .maximum = 1e15,
     .text = "bytes per rank that this job may use"},
    {.path = "backend",
     .type = FIELD_STRING,
     .offset = AT(backend),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"auto\"",
     .text = "integer matrix product of the encoder: auto, onednn or blas; all give the same bits"},
};

static enum status check_names(const struct strings *names)
{
    if (names->n == 0)
        return fail(BAD_CONFIG, "policy.behaviour.names: expected at least one name, found an empty list");
    for (int64_t i = 0; i < names->n; i++)
        for (int64_t k = 0; k < i; k++)
            if (strcmp(names->items[i], names->items[k]) == 0)
                return fail(BAD_CONFIG, "policy.behaviour.names: expected different names, found \"%s\" twice",
                            names->items[i]);
    return STATUS_OK;
}

static enum status check_ridge(const struct policy_config *config)
{
    const struct numbers *lambda = &config->lambda;
    if (lambda->n == 0)
        return fail(BAD_CONFIG, "policy.ridge.lambda: expected at least one candidate, found an empty list");
    for (int64_t i = 0; i < lambda->n; i++)
        for (int64_t k = 0; k < i; k++)
            if (lambda->items[i] == lambda->items[k])
                return fail(BAD_CONFIG, "policy.ridge.lambda: expected different candidates, found %g twice",
                            lambda->items[i]);
    if (config->folds == 1)
        return fail(BAD_CONFIG, "policy.ridge.folds: expected 0 or at least 2, found 1: nothing would be left to fit");
    if (lambda->n > 1 && config->choice != CHOOSE_FIRST && !config->leverages)
        return fail(BAD_CONFIG,
                    "policy.ridge.choose: expected \"first\", or ridge.leverages to be true, found \"%s\" among %lld "
                    "candidates without leverages",
                    choices[config->choice], (long long)lambda->n);
    return STATUS_OK;
}

/* What only means something with pairs is a slip without them. */
static enum status check_pairs(const struct policy_config *config)
{
    const struct feature_names *names = &config->pairs.features;
    bool any = names->values || names->indices || names->starts || names->activations || config->pairs.behaviour ||
               config->pairs.group_by.n > 0;
    if (config->pairs.file == NULL && any)
        return fail(BAD_CONFIG, "policy.pairs.file: expected the file that lists the pairs, found nothing, though "
                                "other keys of pairs are given");
    if (config->pairs.file != NULL && config->pairs.behaviour == NULL)
        return fail(BAD_CONFIG, "policy.pairs.behaviour: expected the behaviour of every pair, found nothing");
    return STATUS_OK;
}

static enum status check(const void *values)
{
    const struct policy_config *config = values;
    enum status status = check_names(&config->behaviours);
    if (status == STATUS_OK)
        status = check_ridge(config);
    return status == STATUS_OK ? check_pairs(config) : status;
}

const struct section policy_section = {
    .name = "policy",
    .text = "a ridge regression over features that models the behaviour, and what each training pair did to it",
    .fields = fields,
    .n_field = sizeof fields / sizeof *fields,
    .size = sizeof(struct policy_config),
    .check = check,
};
