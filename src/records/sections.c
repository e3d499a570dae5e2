#include <string.h>

#include "records/records.h"

/* Whether a list has an item twice; lists of a config are short. */
static const char *repeated_item(const struct strings *list)
{
    for (int64_t i = 0; i < list->n; i++)
        for (int64_t k = 0; k < i; k++)
            if (strcmp(list->items[i], list->items[k]) == 0)
                return list->items[i];
    return NULL;
}

#define AT(member) offsetof(struct samples_config, member)
static const struct field samples_fields[] = {
    {.path = "file",
     .type = FIELD_STRING,
     .offset = AT(file),
     .text = "JSON Lines file, one sample per line; training samples in the order of the captures' rows"},
    {.path = "id",
     .type = FIELD_STRING,
     .offset = AT(id),
     .fallback = "\"id\"",
     .text = "key of a sample's id, a string or an integer, unique in the file"},
    {.path = "split",
     .type = FIELD_STRING,
     .offset = AT(split),
     .fallback = "",
     .text = "key of a sample's split; without it every sample is a training sample"},
    {.path = "train",
     .type = FIELD_STRING,
     .offset = AT(train),
     .fallback = "\"train\"",
     .text = "the split that marks training samples"},
    {.path = "group_by",
     .type = FIELD_STRINGS,
     .offset = AT(group_by),
     .fallback = "[]",
     .text = "keys by whose values influence is totalled, such as \"policy\", \"license\", \"source\""},
};
#undef AT

static enum status check_samples(const void *values)
{
    const struct samples_config *samples = values;
    const char *twice = repeated_item(&samples->group_by);
    return twice ? fail(BAD_CONFIG, "samples.group_by: expected different keys, found \"%s\" twice", twice) : STATUS_OK;
}

const struct section samples_section = {
    .name = "samples",
    .text = "the samples that the model was trained on, and what is known of each",
    .fields = samples_fields,
    .n_field = sizeof samples_fields / sizeof *samples_fields,
    .size = sizeof(struct samples_config),
    .check = check_samples,
};

static const char *const rules[] = {[SELECT_ALL] = "all",
                                    [SELECT_VALIDATION_IMPROVEMENT] = "validation-improvement",
                                    [SELECT_NAMES] = "names",
                                    [SELECT_NAMES + 1] = NULL};

#define AT(member) offsetof(struct checkpoints_config, member)
static const struct field checkpoints_fields[] = {
    {.path = "file",
     .type = FIELD_STRING,
     .offset = AT(file),
     .text = "JSON Lines file, one candidate checkpoint per line, by step"},
    {.path = "select.rule",
     .type = FIELD_CHOICE,
     .offset = AT(rule),
     .fallback = "\"all\"",
     .choices = rules,
     .text = "which candidates take part: all; those whose validation loss is lower than that of the last one kept by "
             "the threshold, besides the first and the last; or those named"},
    {.path = "select.threshold",
     .type = FIELD_NUMBER,
     .offset = AT(threshold),
     .fallback = "0.02",
     .minimum = 0,
     .maximum = 1,
     .text = "for validation-improvement: least improvement, relative to the loss of the last one kept"},
    {.path = "select.names",
     .type = FIELD_STRINGS,
     .offset = AT(names),
     .fallback = "[]",
     .text = "for names: the names of the checkpoints that take part"},
};
#undef AT

static enum status check_checkpoints(const void *values)
{
    const struct checkpoints_config *checkpoints = values;
    const char *twice = repeated_item(&checkpoints->names);
    if (twice != NULL)
        return fail(BAD_CONFIG, "checkpoints.select.names: expected different names, found \"%s\" twice", twice);
    if (checkpoints->rule == SELECT_NAMES && checkpoints->names.n == 0)
        return fail(BAD_CONFIG, "checkpoints.select.names: expected at least one name, as select.rule is \"names\", "
                                "found none");
    if (checkpoints->rule != SELECT_NAMES && checkpoints->names.n > 0)
        return fail(BAD_CONFIG, "checkpoints.select.names: expected no names, as select.rule is \"%s\", found %lld",
                    rules[checkpoints->rule], (long long)checkpoints->names.n);
    return STATUS_OK;
}

const struct section checkpoints_section = {
    .name = "checkpoints",
    .text = "the checkpoints of the training, and which of them take part",
    .fields = checkpoints_fields,
    .n_field = sizeof checkpoints_fields / sizeof *checkpoints_fields,
    .size = sizeof(struct checkpoints_config),
    .check = check_checkpoints,
};
