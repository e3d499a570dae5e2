#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "records/ids.h"
#include "records/records.h"

enum { VALUES_MOST = 65536 };

/* What grows while the file is read. */
struct builder {
    const struct samples_config *config;
    struct lines lines;
    struct name_set ids; /* of all records */
    int64_t *rows;       /* owned; record number of every training sample */
    int64_t n, capacity; /* training samples */
    struct column {
        struct name_set values; /* of training samples, in order of appearance */
        int32_t *codes;         /* owned; per training sample, into values */
    } * columns;                /* owned; one per config->group_by */
    struct text scratch;
};

static void builder_init(struct builder *builder, const struct samples_config *config, const char *bytes, size_t n)
{
    *builder = (struct builder){.config = config};
    lines_init(&builder->lines, config->file, bytes, n);
    name_set_init(&builder->ids);
    text_init(&builder->scratch);
    builder->columns = memory_allocate(config->group_by.n, sizeof *builder->columns);
    for (int64_t i = 0; i < config->group_by.n; i++)
        name_set_init(&builder->columns[i].values);
}

static void builder_clear(struct builder *builder)
{
    for (int64_t i = 0; i < builder->config->group_by.n; i++) {
        name_set_clear(&builder->columns[i].values);
        memory_free(builder->columns[i].codes);
    }
    memory_free(builder->columns);
    memory_free(builder->rows);
    name_set_clear(&builder->ids);
    lines_clear(&builder->lines);
    text_clear(&builder->scratch);
}

static enum status is_training(const struct builder *builder, bool *training)
{
    const struct samples_config *config = builder->config;
    *training = true;
    if (config->split == NULL)
        return STATUS_OK;
    const cJSON *item = json_member(builder->lines.record, config->split);
    if (!cJSON_IsString(item))
        return lines_expected(&builder->lines, config->split, "the name of a split");
    *training = strcmp(item->valuestring, config->train) == 0;
    return STATUS_OK;
}

/* The value of a grouping key as text: strings as they are, numbers and booleans as JSON, nothing as "". */
static enum status group_value(struct builder *builder, const char *key)
{
    const double largest = 9007199254740991.0; /* beyond 2^53 − 1 two numbers of the file can be one double */
    const cJSON *item = json_member(builder->lines.record, key);
    struct text *value = &builder->scratch;
    value->length = 0;
    text_add_bytes(value, "", 0);
    if (cJSON_IsObject(item) || cJSON_IsArray(item))
        return lines_expected(&builder->lines, key, "a string, number, boolean or null");
    if (cJSON_IsNumber(item) && fabs(item->valuedouble) > largest)
        return lines_expected(&builder->lines, key, "a number within 2^53 (or the same as a string)");
    if (cJSON_IsString(item) && has_control_character(item->valuestring))
        return lines_expected(&builder->lines, key, "a string without control characters");
    if (cJSON_IsString(item))
        text_add_bytes(value, item->valuestring, strlen(item->valuestring));
    else if (item != NULL && !cJSON_IsNull(item))
        json_add_found(value, item);
    return STATUS_OK;
}

static void make_room(struct builder *builder)
{
    if (builder->n < builder->capacity)
        return;
    int64_t capacity = 2 * builder->capacity + 64;
    builder->rows = memory_resize(builder->rows, builder->n, capacity, sizeof *builder->rows);
    for (int64_t i = 0; i < builder->config->group_by.n; i++) {
        struct column *column = &builder->columns[i];
        column->codes = memory_resize(column->codes, builder->n, capacity, sizeof *column->codes);
    }
    builder->capacity = capacity;
}

static enum status add_training(struct builder *builder)
{
    make_room(builder);
    for (int64_t i = 0; i < builder->config->group_by.n; i++) {
        struct column *column = &builder->columns[i];
        const char *key = builder->config->group_by.items[i];
        enum status status = group_value(builder, key);
        if (status != STATUS_OK)
            return status;
        bool is_new;
        column->codes[builder->n] = (int32_t)name_set_add(&column->values, builder->scratch.bytes, &is_new);
        if (column->values.n > VALUES_MOST)
            return lines_expected(&builder->lines, key,
                                  "at most 65,536 different values in the file (leave the key out of group_by)");
    }
    builder->rows[builder->n++] = builder->lines.number - 1;
    return STATUS_OK;
}

static enum status read_all(struct builder *builder)
{
    for (;;) {
        bool training = false;
        enum status status = lines_next(&builder->lines);
        if (status != STATUS_OK)
            return status;
        if (builder->lines.record == NULL)
            break;
        status = ids_add(&builder->lines, builder->config->id, &builder->scratch, &builder->ids);
        if (status == STATUS_OK)
            status = is_training(builder, &training);
        if (status == STATUS_OK && training)
            status = add_training(builder);
        if (status != STATUS_OK)
            return status;
    }
    if (builder->n > 0)
        return STATUS_OK;
    if (builder->config->split == NULL || builder->ids.n == 0)
        return fail(BAD_INPUT, "%s: expected at least one sample, found an empty file", builder->config->file);
    return fail(BAD_INPUT, "%s: expected at least one training sample, found none of %lld with %s \"%s\"",
                builder->config->file, (long long)builder->ids.n, builder->config->split, builder->config->train);
}

/* Codes by the order of the values, not by which came first: two files with the same rows in another order then say the
 * same of each. */
static void finish_column(struct column *from, const char *name, int64_t n, struct group_column *column)
{
    int64_t n_value = from->values.n;
    *column = (struct group_column){.name = memory_copy_text(name),
                                    .values = memory_allocate(n_value, sizeof *column->values),
                                    .n_value = n_value,
                                    .codes = memory_allocate(n, sizeof *column->codes)};
    int64_t *order = name_set_sorted(&from->values);
    int32_t *code_of = memory_allocate(n_value, sizeof *code_of);
    for (int64_t code = 0; code < n_value; code++) {
        column->values[code] = memory_copy_text(name_set_get(&from->values, order[code]));
        code_of[order[code]] = (int32_t)code;
    }
    for (int64_t i = 0; i < n; i++)
        column->codes[i] = code_of[from->codes[i]];
    memory_free(code_of);
    memory_free(order);
}

enum status samples_parse(const struct samples_config *config, const char *bytes, size_t n, struct samples *samples)
{
    struct builder builder;
    builder_init(&builder, config, bytes, n);
    enum status status = read_all(&builder);
    if (status == STATUS_OK) {
        *samples = (struct samples){.n = builder.n,
                                    .n_record = builder.ids.n,
                                    .columns = memory_allocate(config->group_by.n, sizeof *samples->columns),
                                    .n_column = config->group_by.n};
        samples->ids = ids_pad(&builder.ids, builder.rows, builder.n, &samples->id_bytes);
        for (int64_t i = 0; i < samples->n_column; i++)
            finish_column(&builder.columns[i], config->group_by.items[i], builder.n, &samples->columns[i]);
    }
    builder_clear(&builder);
    return status;
}

void samples_clear(struct samples *samples)
{
    for (int64_t i = 0; i < samples->n_column; i++) {
        struct group_column *column = &samples->columns[i];
        for (int64_t k = 0; k < column->n_value; k++)
            memory_free(column->values[k]);
        memory_free(column->values);
        memory_free(column->codes);
        memory_free(column->name);
    }
    memory_free(samples->columns);
    memory_free(samples->ids);
    *samples = (struct samples){0};
}

const char *samples_id(const struct samples *samples, int64_t i, char *buffer)
{
    ASSERT(i >= 0 && i < samples->n);
    memcpy(buffer, samples->ids + i * samples->id_bytes, (size_t)samples->id_bytes);
    buffer[samples->id_bytes] = 0;
    return buffer;
}
