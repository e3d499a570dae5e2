#include "mechanism/mechanism_config.h"

#include <string.h>

const char *const intervention_names[N_INTERVENTION + 1] = {"zero", "mean", "patch", NULL};
static const char *const levels[] = {"network", "policy", NULL};
static const char *const kinds[] = {"probability", "value", NULL};

#define AT(member) offsetof(struct mechanism_config, member)
#define OPTIONAL(name, member, words)                                                                                  \
    {                                                                                                                  \
        .path = name, .type = FIELD_STRING, .offset = AT(member), .fallback = "", .text = words                        \
    }

static const struct field fields[] = {
    {.path = "level",
     .type = FIELD_CHOICE,
     .offset = AT(level),
     .fallback = "\"network\"",
     .choices = levels,
     .text = "network: interventions as measured by whoever ran the model; policy: the symbolic policy is the model, "
             "in closed form"},
    OPTIONAL("probes", probes, "network: JSON Lines file, one probe per line: id, category"),
    {.path = "behaviour.names",
     .type = FIELD_STRINGS,
     .offset = AT(behaviours),
     .fallback = "[]",
     .text = "network: what is explained, one name per column of behaviour.values"},
    {.path = "behaviour.kind",
     .type = FIELD_CHOICE,
     .offset = AT(behaviour_kind),
     .fallback = "\"probability\"",
     .choices = kinds,
     .text = "probability: in [0, 1], judged by AUC too; value: any number, such as a logit"},
    OPTIONAL("behaviour.values", behaviour_values, "network: tensor probes x behaviours, nothing intervened on"),
    OPTIONAL("parts.file", parts,
             "JSON Lines file, one part per line: id, kind (feature, neuron, layer or group), layer, members, label; "
             "policy: every feature, if absent"),
    {.path = "parts.kinds",
     .type = FIELD_STRINGS,
     .offset = AT(kinds),
     .fallback = "[]",
     .text = "kinds of parts to take from parts.file; []: all"},
    OPTIONAL("interventions.zero", after[INTERVENTION_ZERO],
             "tensor parts x probes x behaviours: the behaviour with the part set to zero"),
    OPTIONAL("interventions.mean", after[INTERVENTION_MEAN], "the same with the part set to its mean over the probes"),
    OPTIONAL("interventions.patch", after[INTERVENTION_PATCH],
             "the same with the part set to what it is on another probe"),
    OPTIONAL("interventions.source", source,
             "of patch: tensor probes x behaviours, the behaviour on the probe that each one was patched from"),
    {.path = "interventions.main",
     .type = FIELD_CHOICE,
     .offset = AT(main),
     .fallback = "\"zero\"",
     .choices = intervention_names,
     .text = "the intervention by which parts are ranked, and that pairs and recomposition are of"},
    OPTIONAL("controls.zero", controls[INTERVENTION_ZERO],
             "tensor parts x controls x probes x behaviours: the same done to random parts of the part's size"),
    OPTIONAL("controls.mean", controls[INTERVENTION_MEAN], "as controls.zero"),
    OPTIONAL("controls.patch", controls[INTERVENTION_PATCH], "as controls.zero"),
    {.path = "controls.count",
     .type = FIELD_INTEGER,
     .offset = AT(n_control),
     .fallback = "20",
     .minimum = 2,
     .maximum = 10000,
     .text = "policy: random parts of equal size drawn for each part, and random orders of recomposition"},
    {.path = "controls.threshold",
     .type = FIELD_NUMBER,
     .offset = AT(threshold),
     .fallback = "3",
     .minimum = 0,
     .maximum = 1e6,
     .text = "a localised part is at least so many standard deviations of its controls from their mean"},
    OPTIONAL("pairs.file", pairs.file, "JSON Lines file, one pair of parts per line: first, second (ids of parts)"),
    OPTIONAL("pairs.after", pairs.after,
             "tensor pairs x probes x behaviours: the behaviour with both parts intervened on"),
    OPTIONAL("recomposition.k", recomposition.k, "vector of whole numbers, ascending: how many parts were kept"),
    OPTIONAL("recomposition.top", recomposition.top,
             "tensor k x probes x behaviours: each behaviour with only its k strongest parts kept"),
    OPTIONAL("recomposition.random", recomposition.random,
             "tensor k x draws x probes x behaviours: with k random parts kept"),
    {.path = "recomposition.enough",
     .type = FIELD_NUMBER,
     .offset = AT(recomposition.enough),
     .fallback = "0.9",
     .minimum = 0,
     .maximum = 1,
     .text = "R2 from which on a behaviour counts as rebuilt"},
    {.path = "recomposition.unexplained",
     .type = FIELD_NUMBER,
     .offset = AT(recomposition.unexplained),
     .fallback = "1",
     .minimum = 0,
     .maximum = 1e6,
     .text = "a probe rebuilt worse than by so many standard deviations of the behaviour is unexplained"},
    OPTIONAL("baselines.activations", baselines.activations,
             "tensor probes x width: raw activations of the layer, for a ridge regression by folds"),
    OPTIONAL("baselines.inputs", baselines.inputs,
             "tensor probes x width: inputs, for the black box: the mean over nearest neighbours, by folds"),
    {.path = "baselines.lambda",
     .type = FIELD_NUMBERS,
     .offset = AT(baselines.lambda),
     .fallback = "[0.01, 0.1, 1, 10, 100]",
     .minimum = 1e-30,
     .maximum = 1e30,
     .text = "candidates of that ridge's penalty; generalised cross-validation within each fold's rest chooses"},
    {.path = "baselines.neighbours",
     .type = FIELD_INTEGER,
     .offset = AT(baselines.neighbours),
     .fallback = "5",
     .minimum = 1,
     .maximum = 1000,
     .text = "nearest neighbours of the black box"},
    {.path = "folds",
     .type = FIELD_INTEGER,
     .offset = AT(folds),
     .fallback = "5",
     .minimum = 2,
     .maximum = 1000,
     .text = "folds in which an effect must have the same sign, and of the baselines; probe i is in fold i mod folds"},
    {.path = "bootstrap.resamples",
     .type = FIELD_INTEGER,
     .offset = AT(resamples),
     .fallback = "1000",
     .minimum = 10,
     .maximum = 100000,
     .text = "resamples of the probes, for intervals"},
    {.path = "bootstrap.confidence",
     .type = FIELD_NUMBER,
     .offset = AT(confidence),
     .fallback = "0.95",
     .minimum = 0.5,
     .maximum = 0.9999,
     .text = "of these intervals"},
    {.path = "seed",
     .type = FIELD_INTEGER,
     .offset = AT(seed),
     .fallback = "1",
     .minimum = 0,
     .maximum = 9007199254740991.0,
     .text = "decides the resamples, and the random parts at the level of the policy"},
    {.path = "block_parts",
     .type = FIELD_INTEGER,
     .offset = AT(block_parts),
     .fallback = "16",
     .minimum = 1,
     .maximum = 65536,
     .text = "parts read at a time by one rank"},
    OPTIONAL("links.queries", links.queries, "JSON Lines file of the queries of influence.h5"),
    OPTIONAL("links.key", links.key, "key of links.queries whose value says which behaviour a query shows"),
    {.path = "links.values",
     .type = FIELD_STRINGS,
     .offset = AT(links.values),
     .fallback = "[]",
     .text = "the value of links.key that stands for each behaviour, in their order"},
    {.path = "links.column",
     .type = FIELD_STRING,
     .offset = AT(links.column),
     .fallback = "\"policy\"",
     .text = "key of samples.group_by that names the policy of an example, where lineage.h5 does not"},
    {.path = "links.top",
     .type = FIELD_INTEGER,
     .offset = AT(links.top),
     .fallback = "10",
     .minimum = 1,
     .maximum = 1000,
     .text = "training pairs kept per part and behaviour, and examples per layer and behaviour"},
    {.path = "memory",
     .type = FIELD_BYTES,
     .offset = AT(memory),
     .scope = SCOPE_EXECUTION,
     .fallback = "\"2 GiB\"",
     .minimum = 1 << 20,
     .maximum = 1e15,
     .text = "bytes per rank that this job may use"},
};

/* What the level needs, and what means nothing there. */
static enum status check_level(const struct mechanism_config *config)
{
    bool network = config->level == LEVEL_NETWORK;
    bool measured = config->after[0] != NULL || config->after[1] != NULL || config->after[2] != NULL;
    const struct {
        const char *path;
        bool there, needed, refused;
    } keys[] = {{"probes", config->probes != NULL, network, !network},
                {"behaviour.names", config->behaviours.n > 0, network, !network},
                {"behaviour.values", config->behaviour_values != NULL, network, !network},
                {"parts.file", config->parts != NULL, network, false},
                {"interventions", measured, network, !network},
                {"pairs.after", config->pairs.after != NULL, false, !network},
                {"recomposition.top", config->recomposition.top != NULL, false, !network}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].needed && !keys[i].there)
            return fail(BAD_CONFIG,
                        "mechanism.%s: is missing: the level \"network\" needs what was measured (the level \"policy\" "
                        "takes policy.h5 as the model)",
                        keys[i].path);
        if (keys[i].refused && keys[i].there)
            return fail(BAD_CONFIG,
                        "mechanism.%s: expected nothing at the level \"policy\", where policy.h5 is the model, found a "
                        "value",
                        keys[i].path);
    }
    return STATUS_OK;
}

/* What only means something together. */
static enum status check_together(const struct mechanism_config *config)
{
    for (int v = 0; v < N_INTERVENTION; v++)
        if (config->controls[v] != NULL && config->after[v] == NULL)
            return fail(BAD_CONFIG,
                        "mechanism.controls.%s: expected interventions.%s, whose controls these are, found nothing",
                        intervention_names[v], intervention_names[v]);
    if (config->source != NULL && config->after[INTERVENTION_PATCH] == NULL)
        return fail(BAD_CONFIG, "mechanism.interventions.source: expected interventions.patch too, found nothing");
    if ((config->pairs.file == NULL) != (config->pairs.after == NULL))
        return fail(BAD_CONFIG, "mechanism.pairs: expected both file and after, or none of them, found one");
    if ((config->recomposition.k == NULL) != (config->recomposition.top == NULL))
        return fail(BAD_CONFIG, "mechanism.recomposition: expected both k and top, or none of them, found one");
    if (config->recomposition.random != NULL && config->recomposition.top == NULL)
        return fail(BAD_CONFIG, "mechanism.recomposition.random: expected recomposition.top too, found nothing");
    if ((config->links.queries == NULL) != (config->links.key == NULL) ||
        (config->links.queries == NULL && config->links.values.n > 0))
        return fail(BAD_CONFIG, "mechanism.links: expected queries, key and values together, found some of them");
    return STATUS_OK;
}

static enum status check_network(const struct mechanism_config *config)
{
    const struct strings *names = &config->behaviours;
    for (int64_t i = 0; i < names->n; i++)
        for (int64_t k = 0; k < i; k++)
            if (strcmp(names->items[i], names->items[k]) == 0)
                return fail(BAD_CONFIG, "mechanism.behaviour.names: expected different names, found \"%s\" twice",
                            names->items[i]);
    if (config->level == LEVEL_NETWORK && config->after[config->main] == NULL)
        return fail(BAD_CONFIG, "mechanism.interventions.main: expected one that is measured, found \"%s\"",
                    intervention_names[config->main]);
    if (config->level == LEVEL_POLICY && config->main == INTERVENTION_PATCH)
        return fail(BAD_CONFIG, "mechanism.interventions.main: expected \"zero\" or \"mean\" at the level \"policy\", "
                                "found \"patch\"");
    return STATUS_OK;
}

static enum status check(const void *values)
{
    const struct mechanism_config *config = values;
    enum status status = check_level(config);
    if (status == STATUS_OK)
        status = check_together(config);
    if (status == STATUS_OK)
        status = check_network(config);
    if (status == STATUS_OK && config->baselines.lambda.n == 0)
        status = fail(BAD_CONFIG, "mechanism.baselines.lambda: expected at least one candidate, found an empty list");
    return status;
}

const struct section mechanism_section = {
    .name = "mechanism",
    .text = "which parts carry the behaviour: effects of interventions against random parts, interference, and the "
            "behaviour rebuilt from the strongest",
    .fields = fields,
    .n_field = sizeof fields / sizeof *fields,
    .size = sizeof(struct mechanism_config),
    .check = check,
};
