#include "policy/pair_records.h"

#include <string.h>

#include "base/memory.h"
#include "records/ids.h"
#include "records/sample.h"

enum { GROUPS_MOST = 65536 };

/* What grows while the file is read. */
struct builder {
    const struct pair_names *names;
    struct samples_config config; /* pairs are to their file what samples are to theirs */
    struct lines lines;
    struct sample sample; /* reads the values to group by */
    struct feature_labels labels;
    struct name_set ids;
    struct text scratch;
    struct pair_intended intended;
    struct name_set *values; /* owned; per column, in order of appearance */
    int32_t **codes;         /* owned; per column and pair, into values */
    int64_t n, room;         /* pairs */
};

static void builder_init(struct builder *builder, const struct pair_names *names, const char *bytes, size_t n)
{
    int64_t n_column = names->group_by->n;
    *builder =
        (struct builder){.names = names,
                         .config = {.file = (char *)names->file, .id = (char *)"id", .group_by = *names->group_by},
                         .values = memory_allocate(n_column, sizeof *builder->values),
                         .codes = memory_allocate(n_column, sizeof *builder->codes)};
    lines_init(&builder->lines, names->file, bytes, n);
    sample_init(&builder->sample, &builder->config);
    feature_labels_init(&builder->labels, names->n_feature, names->labels);
    name_set_init(&builder->ids);
    text_init(&builder->scratch);
    for (int64_t c = 0; c < n_column; c++)
        name_set_init(&builder->values[c]);
}

static void builder_clear(struct builder *builder)
{
    for (int64_t c = 0; c < builder->names->group_by->n; c++) {
        name_set_clear(&builder->values[c]);
        memory_free(builder->codes[c]);
    }
    memory_free(builder->values);
    memory_free(builder->codes);
    pair_intended_clear(&builder->intended);
    text_clear(&builder->scratch);
    name_set_clear(&builder->ids);
    feature_labels_clear(&builder->labels);
    sample_clear(&builder->sample);
    lines_clear(&builder->lines);
}

static enum status add_codes(struct builder *builder, const char *line, int64_t n)
{
    int64_t n_column = builder->names->group_by->n;
    if (builder->n == builder->room) {
        int64_t room = 2 * builder->room + 64;
        for (int64_t c = 0; c < n_column; c++)
            builder->codes[c] = memory_resize(builder->codes[c], builder->n, room, sizeof *builder->codes[c]);
        builder->room = room;
    }
    enum status status = sample_read(&builder->sample, line, n, builder->lines.number);
    for (int64_t c = 0; c < n_column && status == STATUS_OK; c++) {
        bool is_new;
        builder->codes[c][builder->n] =
            (int32_t)name_set_add(&builder->values[c], builder->sample.values[c].bytes, &is_new);
        if (builder->values[c].n > GROUPS_MOST)
            status = lines_expected(&builder->lines, builder->names->group_by->items[c],
                                    "at most 65,536 different values in the file (leave the key out of group_by)");
    }
    builder->n++;
    return status;
}

static enum status read_all(struct builder *builder)
{
    struct lines *lines = &builder->lines;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        const char *line = lines->bytes + lines->at;
        status = lines_next(lines);
        if (status == STATUS_OK && lines->record == NULL)
            break;
        int64_t n = lines->bytes + lines->at - line;
        if (status == STATUS_OK)
            status = ids_add(lines, "id", &builder->scratch, &builder->ids);
        if (status == STATUS_OK)
            status = pair_intended_add(&builder->intended, lines, &builder->labels);
        if (status == STATUS_OK)
            status = add_codes(builder, line, n - (n > 0 && line[n - 1] == '\n'));
    }
    if (status == STATUS_OK && builder->n == 0)
        status = fail(BAD_INPUT, "%s: expected at least one pair, found an empty file", builder->names->file);
    return status;
}

/* Keys name datasets, and a key that no pair has is a slip of the pen, not a group. */
static enum status check_columns(const struct builder *builder)
{
    for (int64_t c = 0; c < builder->names->group_by->n; c++) {
        const char *name = builder->names->group_by->items[c];
        if (builder->values[c].n == 1 && name_set_get(&builder->values[c], 0)[0] == 0)
            return fail(BAD_CONFIG, "policy.pairs.group_by: expected keys of %s, found \"%s\", which no pair has",
                        builder->names->file, name);
        if (strchr(name, '/') != NULL || strcmp(name, ".") == 0)
            return fail(BAD_CONFIG,
                        "policy.pairs.group_by: expected keys without \"/\", which become names of datasets, found "
                        "\"%s\"",
                        name);
    }
    return STATUS_OK;
}

/* Codes by the order of the values, not by which came first: two files with the same rows in another order then say the
 * same of each. */
static void finish_column(const struct builder *builder, int64_t c, struct pair_column *column)
{
    const struct name_set *values = &builder->values[c];
    *column = (struct pair_column){.name = memory_copy_text(builder->names->group_by->items[c]),
                                   .values = memory_allocate(values->n, sizeof *column->values),
                                   .count = memory_allocate(values->n, sizeof *column->count),
                                   .n_value = values->n,
                                   .codes = memory_allocate(builder->n, sizeof *column->codes)};
    int64_t *order = name_set_sorted(values);
    int32_t *code_of = memory_allocate(values->n, sizeof *code_of);
    for (int64_t code = 0; code < values->n; code++) {
        column->values[code] = memory_copy_text(name_set_get(values, order[code]));
        code_of[order[code]] = (int32_t)code;
    }
    for (int64_t i = 0; i < builder->n; i++) {
        column->codes[i] = code_of[builder->codes[c][i]];
        column->count[column->codes[i]]++;
    }
    memory_free(code_of);
    memory_free(order);
}

enum status pair_records_parse(const struct pair_names *names, const char *bytes, size_t n,
                               struct pair_records *records)
{
    struct builder builder;
    builder_init(&builder, names, bytes, n);
    enum status status = read_all(&builder);
    if (status == STATUS_OK)
        status = check_columns(&builder);
    if (status == STATUS_OK) {
        *records = (struct pair_records){.n = builder.n,
                                         .columns = memory_allocate(names->group_by->n, sizeof *records->columns),
                                         .n_column = names->group_by->n,
                                         .intended = builder.intended};
        builder.intended = (struct pair_intended){0};
        records->ids = ids_pad(&builder.ids, NULL, builder.n, &records->id_bytes);
        for (int64_t c = 0; c < records->n_column; c++)
            finish_column(&builder, c, &records->columns[c]);
    }
    builder_clear(&builder);
    return status;
}

void pair_records_clear(struct pair_records *records)
{
    for (int64_t c = 0; c < records->n_column; c++) {
        struct pair_column *column = &records->columns[c];
        for (int64_t k = 0; k < column->n_value; k++)
            memory_free(column->values[k]);
        memory_free(column->values);
        memory_free(column->count);
        memory_free(column->codes);
        memory_free(column->name);
    }
    memory_free(records->columns);
    memory_free(records->ids);
    pair_intended_clear(&records->intended);
    *records = (struct pair_records){0};
}
