#include "records/sample.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

void sample_init(struct sample *sample, const struct samples_config *config)
{
    *sample = (struct sample){.config = config,
                              .values = memory_allocate(config->group_by.n, sizeof *sample->values),
                              .given = memory_allocate(config->group_by.n, sizeof *sample->given)};
    lines_init(&sample->lines, config->file, NULL, 0);
    text_init(&sample->id);
    for (int64_t c = 0; c < config->group_by.n; c++)
        text_init(&sample->values[c]);
}

void sample_clear(struct sample *sample)
{
    for (int64_t c = 0; sample->values != NULL && c < sample->config->group_by.n; c++)
        text_clear(&sample->values[c]);
    memory_free(sample->values);
    memory_free(sample->given);
    text_clear(&sample->id);
    lines_clear(&sample->lines);
    *sample = (struct sample){0};
}

static void set(struct text *text, const char *bytes, int64_t n)
{
    text->length = 0;
    text_add_bytes(text, bytes, (size_t)n);
}

/* ---- flat records ---------------------------------------------------------------------------------------------- */

/* A string that is an id or a value as it stands, of `least` to ID_LONGEST bytes. */
static bool is_plain(const struct flat_member *member, int64_t least)
{
    return member->kind == FLAT_STRING && member->n_value >= least && member->n_value <= ID_LONGEST &&
           memchr(member->value, 0x7f, (size_t)member->n_value) == NULL;
}

static bool take_flat_value(const struct flat_member *member, struct text *value, bool *given)
{
    *given = member != NULL && member->kind != FLAT_NULL;
    if (!*given)
        set(value, "", 0);
    else if (is_plain(member, 0) || member->kind == FLAT_INTEGER || member->kind == FLAT_WORD)
        set(value, member->value, member->n_value);
    else
        return false;
    return true;
}

/* False where only the whole parser can tell. */
static bool read_flat(struct sample *sample, const char *line, int64_t n)
{
    const struct samples_config *config = sample->config;
    if (!flat_parse(line, n, &sample->flat))
        return false;
    const struct flat_member *id = flat_find(&sample->flat, config->id), *split = NULL;
    if (id == NULL || !(is_plain(id, 1) || id->kind == FLAT_INTEGER))
        return false;
    set(&sample->id, id->value, id->n_value);
    if (config->split != NULL) {
        split = flat_find(&sample->flat, config->split);
        if (split == NULL || split->kind != FLAT_STRING)
            return false;
    }
    sample->training = split == NULL || ((int64_t)strlen(config->train) == split->n_value &&
                                         memcmp(config->train, split->value, (size_t)split->n_value) == 0);
    for (int64_t c = 0; c < config->group_by.n && sample->training; c++)
        if (!take_flat_value(flat_find(&sample->flat, config->group_by.items[c]), &sample->values[c],
                             &sample->given[c]))
            return false;
    return true;
}

/* ---- any record ------------------------------------------------------------------------------------------------ */

static enum status read_split(struct sample *sample)
{
    const struct samples_config *config = sample->config;
    sample->training = true;
    if (config->split == NULL)
        return STATUS_OK;
    const cJSON *item = json_member(sample->lines.record, config->split);
    if (!cJSON_IsString(item))
        return lines_expected(&sample->lines, config->split, "the name of a split");
    sample->training = strcmp(item->valuestring, config->train) == 0;
    return STATUS_OK;
}

static enum status read_value(struct sample *sample, const char *key, struct text *value, bool *given)
{
    const double largest = 9007199254740991.0; /* beyond 2^53 − 1 two numbers of the file can be one double */
    const cJSON *item = json_member(sample->lines.record, key);
    set(value, "", 0);
    *given = item != NULL && !cJSON_IsNull(item);
    if (cJSON_IsObject(item) || cJSON_IsArray(item))
        return lines_expected(&sample->lines, key, "a string, number, boolean or null");
    if (cJSON_IsNumber(item) && fabs(item->valuedouble) > largest)
        return lines_expected(&sample->lines, key, "a number within 2^53 (or the same as a string)");
    if (cJSON_IsString(item) && has_control_character(item->valuestring))
        return lines_expected(&sample->lines, key, "a string without control characters");
    if (cJSON_IsString(item) && strlen(item->valuestring) > ID_LONGEST)
        return lines_expected(&sample->lines, key, "a string of at most 1024 bytes, as it names a group");
    if (cJSON_IsString(item))
        set(value, item->valuestring, (int64_t)strlen(item->valuestring));
    else if (*given)
        json_add_found(value, item);
    return STATUS_OK;
}

static enum status read_any(struct sample *sample, const char *line, int64_t n, int64_t number)
{
    enum status status = lines_take(&sample->lines, line, (size_t)n, number);
    if (status == STATUS_OK)
        status = lines_id(&sample->lines, sample->config->id, &sample->id);
    if (status == STATUS_OK)
        status = read_split(sample);
    for (int64_t c = 0; c < sample->config->group_by.n && status == STATUS_OK && sample->training; c++)
        status = read_value(sample, sample->config->group_by.items[c], &sample->values[c], &sample->given[c]);
    return status;
}

enum status sample_read(struct sample *sample, const char *line, int64_t n, int64_t number)
{
    return read_flat(sample, line, n) ? STATUS_OK : read_any(sample, line, n, number);
}

enum status sample_expected(struct sample *sample, const char *line, int64_t n, int64_t number, const char *key,
                            const char *expected)
{
    enum status status = lines_take(&sample->lines, line, (size_t)n, number);
    return status == STATUS_OK ? lines_expected(&sample->lines, key, expected) : status;
}
