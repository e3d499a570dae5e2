#include "records/probes.h"

#include <string.h>

#include "base/memory.h"
#include "records/ids.h"

/* What grows while the file is read. */
struct builder {
    const struct strings *behaviours;
    struct lines lines;
    struct name_set ids, categories; /* categories in order of appearance */
    struct text scratch;
    int32_t *category; /* owned; per probe, into categories */
    uint8_t *expected; /* owned */
    int64_t n, capacity;
};

static void make_room(struct builder *builder)
{
    if (builder->n < builder->capacity)
        return;
    int64_t capacity = 2 * builder->capacity + 64, m = builder->behaviours->n;
    builder->category = memory_resize(builder->category, builder->n, capacity, sizeof *builder->category);
    builder->expected = memory_resize(builder->expected, builder->n * m, capacity * m, sizeof *builder->expected);
    builder->capacity = capacity;
}

static enum status add_category(struct builder *builder)
{
    const char *category;
    enum status status = lines_string(&builder->lines, "category", &category);
    if (status != STATUS_OK)
        return status;
    if (strlen(category) > ID_LONGEST || has_control_character(category))
        return lines_expected(&builder->lines, "category", "at most 1024 bytes without control characters");
    bool is_new;
    builder->category[builder->n] = (int32_t)name_set_add(&builder->categories, category, &is_new);
    return STATUS_OK;
}

static int64_t find_behaviour(const struct strings *behaviours, const cJSON *item)
{
    for (int64_t b = 0; b < behaviours->n && cJSON_IsString(item); b++)
        if (strcmp(behaviours->items[b], item->valuestring) == 0)
            return b;
    return -1;
}

static enum status add_expected(struct builder *builder)
{
    const cJSON *list = json_member(builder->lines.record, "expected"), *item;
    uint8_t *expected = builder->expected + builder->n * builder->behaviours->n;
    memset(expected, 0, (size_t)builder->behaviours->n);
    if (list == NULL || cJSON_IsNull(list))
        return STATUS_OK;
    if (!cJSON_IsArray(list))
        return lines_expected(&builder->lines, "expected", "a list of behaviours");
    cJSON_ArrayForEach(item, list)
    {
        int64_t b = find_behaviour(builder->behaviours, item);
        if (b < 0) {
            struct text found;
            text_init(&found);
            json_add_found(&found, item);
            enum status status = fail(BAD_INPUT, "%s: line %lld: expected: expected names of behaviour.names, found %s",
                                      builder->lines.file, (long long)builder->lines.number, found.bytes);
            text_clear(&found);
            return status;
        }
        expected[b] = 1;
    }
    return STATUS_OK;
}

static enum status read_all(struct builder *builder)
{
    for (;;) {
        enum status status = lines_next(&builder->lines);
        if (status != STATUS_OK)
            return status;
        if (builder->lines.record == NULL)
            break;
        make_room(builder);
        status = ids_add(&builder->lines, "id", &builder->scratch, &builder->ids);
        if (status == STATUS_OK)
            status = add_category(builder);
        if (status == STATUS_OK)
            status = add_expected(builder);
        if (status != STATUS_OK)
            return status;
        builder->n++;
    }
    if (builder->n < 2)
        return fail(BAD_INPUT, "%s: expected at least two probes, found %lld", builder->lines.file,
                    (long long)builder->n);
    return STATUS_OK;
}

/* Codes by the order of the names, not by which came first. */
static void finish(struct builder *builder, struct probes *probes)
{
    int64_t n_category = builder->categories.n;
    *probes = (struct probes){.n = builder->n,
                              .categories = memory_allocate(n_category, sizeof *probes->categories),
                              .n_category = n_category,
                              .category = builder->category,
                              .expected = builder->expected,
                              .n_behaviour = builder->behaviours->n};
    probes->ids = ids_pad(&builder->ids, NULL, builder->n, &probes->id_bytes);
    int64_t *order = name_set_sorted(&builder->categories);
    int32_t *code_of = memory_allocate(n_category, sizeof *code_of);
    for (int64_t code = 0; code < n_category; code++) {
        probes->categories[code] = memory_copy_text(name_set_get(&builder->categories, order[code]));
        code_of[order[code]] = (int32_t)code;
    }
    for (int64_t i = 0; i < builder->n; i++)
        probes->category[i] = code_of[builder->category[i]];
    memory_free(code_of);
    memory_free(order);
    builder->category = NULL;
    builder->expected = NULL;
}

enum status probes_parse(const char *file, const struct strings *behaviours, const char *bytes, size_t n,
                         struct probes *probes)
{
    struct builder builder = {.behaviours = behaviours};
    lines_init(&builder.lines, file, bytes, n);
    name_set_init(&builder.ids);
    name_set_init(&builder.categories);
    text_init(&builder.scratch);
    enum status status = read_all(&builder);
    if (status == STATUS_OK)
        finish(&builder, probes);
    memory_free(builder.category);
    memory_free(builder.expected);
    text_clear(&builder.scratch);
    name_set_clear(&builder.categories);
    name_set_clear(&builder.ids);
    lines_clear(&builder.lines);
    return status;
}

void probes_clear(struct probes *probes)
{
    for (int64_t i = 0; i < probes->n_category; i++)
        memory_free(probes->categories[i]);
    memory_free(probes->categories);
    memory_free(probes->category);
    memory_free(probes->expected);
    memory_free(probes->ids);
    *probes = (struct probes){0};
}
