#include "mechanism/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "records/ids.h"

const char *const part_kind_names[N_PART_KIND] = {"feature", "neuron", "layer", "group"};

/* What grows while the file is read. */
struct builder {
    struct lines lines;
    struct name_set ids, layers; /* layers in order of appearance */
    struct text scratch;
    struct parts parts;
    int64_t room, member_room;
    const struct strings *kinds;
    int64_t *numbers; /* owned; lines of the parts taken, from 0 */
};

static int find_kind(const char *name)
{
    int kind = 0;
    while (kind < N_PART_KIND && strcmp(name, part_kind_names[kind]) != 0)
        kind++;
    return kind;
}

static enum status check_kinds(const struct strings *kinds)
{
    for (int64_t i = 0; i < kinds->n; i++)
        if (find_kind(kinds->items[i]) == N_PART_KIND)
            return fail(BAD_CONFIG,
                        "mechanism.parts.kinds: expected \"feature\", \"neuron\", \"layer\" or \"group\", found \"%s\"",
                        kinds->items[i]);
    return STATUS_OK;
}

static bool is_taken(const struct strings *kinds, int kind)
{
    bool taken = kinds->n == 0;
    for (int64_t i = 0; i < kinds->n; i++)
        taken = taken || strcmp(kinds->items[i], part_kind_names[kind]) == 0;
    return taken;
}

static int compare_integers(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static enum status add_members(struct builder *builder, struct part *part)
{
    const cJSON *list = json_member(builder->lines.record, "members"), *item;
    struct parts *parts = &builder->parts;
    if (list != NULL && !cJSON_IsNull(list) && !cJSON_IsArray(list))
        return lines_expected(&builder->lines, "members", "a list of whole numbers");
    part->first_member = parts->n_member;
    cJSON_ArrayForEach(item, list)
    {
        int64_t member;
        if (!json_integer(item, &member) || member < 0)
            return lines_expected(&builder->lines, "members", "a list of whole numbers, none below 0");
        if (parts->n_member == builder->member_room) {
            int64_t room = 2 * builder->member_room + 64;
            parts->members = memory_resize(parts->members, builder->member_room, room, sizeof *parts->members);
            builder->member_room = room;
        }
        parts->members[parts->n_member++] = member;
    }
    part->n_member = parts->n_member - part->first_member;
    int64_t *members = parts->members + part->first_member;
    if (part->n_member > 0)
        qsort(members, (size_t)part->n_member, sizeof *members, compare_integers);
    for (int64_t i = 1; i < part->n_member; i++)
        if (members[i] == members[i - 1])
            return lines_expected(&builder->lines, "members", "each number once");
    return STATUS_OK;
}

static enum status read_text(struct builder *builder, const char *key, const char **value)
{
    enum status status = lines_string(&builder->lines, key, value);
    if (status == STATUS_OK && (strlen(*value) > ID_LONGEST || has_control_character(*value)))
        status = lines_expected(&builder->lines, key, "at most 1024 bytes without control characters");
    return status;
}

static enum status add_part(struct builder *builder)
{
    struct parts *parts = &builder->parts;
    const char *kind, *layer, *label;
    bool is_new;
    enum status status = ids_add(&builder->lines, "id", &builder->scratch, &builder->ids);
    if (status == STATUS_OK)
        status = read_text(builder, "kind", &kind);
    if (status == STATUS_OK && find_kind(kind) == N_PART_KIND)
        status = lines_expected(&builder->lines, "kind", "\"feature\", \"neuron\", \"layer\" or \"group\"");
    if (status == STATUS_OK)
        status = read_text(builder, "layer", &layer);
    if (status == STATUS_OK)
        status = read_text(builder, "label", &label);
    int64_t row = parts->n_row++;
    if (status != STATUS_OK || !is_taken(builder->kinds, find_kind(kind)))
        return status;
    if (parts->n == builder->room) {
        int64_t room = 2 * builder->room + 64;
        parts->items = memory_resize(parts->items, builder->room, room, sizeof *parts->items);
        builder->numbers = memory_resize(builder->numbers, builder->room, room, sizeof *builder->numbers);
        builder->room = room;
    }
    struct part *part = &parts->items[parts->n];
    *part = (struct part){.row = row, .kind = find_kind(kind), .label = memory_copy_text(label)};
    part->layer = layer[0] ? (int32_t)name_set_add(&builder->layers, layer, &is_new) : -1;
    builder->numbers[parts->n++] = row;
    return add_members(builder, part);
}

static enum status read_all(struct builder *builder)
{
    enum status status = lines_next(&builder->lines);
    while (status == STATUS_OK && builder->lines.record != NULL) {
        status = add_part(builder);
        if (status == STATUS_OK)
            status = lines_next(&builder->lines);
    }
    if (status == STATUS_OK && builder->parts.n == 0)
        status = fail(BAD_INPUT, "%s: expected at least one part of the kinds of mechanism.parts.kinds, found none",
                      builder->lines.file);
    return status;
}

/* Layers are numbered by their names, not by which came first. */
static void finish(struct builder *builder)
{
    struct parts *parts = &builder->parts;
    parts->ids = ids_pad(&builder->ids, builder->numbers, parts->n, &parts->id_bytes);
    parts->n_layer = builder->layers.n;
    parts->layers = memory_allocate(parts->n_layer, sizeof *parts->layers);
    int64_t *order = name_set_sorted(&builder->layers);
    int32_t *code_of = memory_allocate(parts->n_layer, sizeof *code_of);
    for (int64_t code = 0; code < parts->n_layer; code++) {
        parts->layers[code] = memory_copy_text(name_set_get(&builder->layers, order[code]));
        code_of[order[code]] = (int32_t)code;
    }
    for (int64_t p = 0; p < parts->n; p++)
        if (parts->items[p].layer >= 0)
            parts->items[p].layer = code_of[parts->items[p].layer];
    memory_free(code_of);
    memory_free(order);
}

enum status parts_parse(const char *file, const struct strings *kinds, const char *bytes, size_t n, struct parts *parts)
{
    enum status status = check_kinds(kinds);
    if (status != STATUS_OK)
        return status;
    struct builder builder = {.kinds = kinds};
    lines_init(&builder.lines, file, bytes, n);
    name_set_init(&builder.ids);
    name_set_init(&builder.layers);
    text_init(&builder.scratch);
    status = read_all(&builder);
    if (status == STATUS_OK) {
        finish(&builder);
        *parts = builder.parts;
    } else {
        parts_clear(&builder.parts);
    }
    memory_free(builder.numbers);
    text_clear(&builder.scratch);
    name_set_clear(&builder.layers);
    name_set_clear(&builder.ids);
    lines_clear(&builder.lines);
    return status;
}

void parts_of_features(int64_t n_feature, char *const *labels, struct parts *parts)
{
    *parts = (struct parts){.n = n_feature,
                            .n_row = n_feature,
                            .items = memory_allocate(n_feature, sizeof *parts->items),
                            .id_bytes = snprintf(NULL, 0, "feature-%lld", (long long)n_feature - 1),
                            .members = memory_allocate(n_feature, sizeof *parts->members),
                            .n_member = n_feature,
                            .layers = memory_allocate(0, sizeof *parts->layers)};
    parts->ids = memory_allocate(n_feature, (size_t)parts->id_bytes);
    for (int64_t j = 0; j < n_feature; j++) {
        char id[40];
        int length = snprintf(id, sizeof id, "feature-%lld", (long long)j);
        memcpy(parts->ids + j * parts->id_bytes, id, (size_t)length);
        parts->members[j] = j;
        parts->items[j] = (struct part){.row = j,
                                        .kind = PART_FEATURE,
                                        .layer = -1,
                                        .first_member = j,
                                        .n_member = 1,
                                        .label = memory_copy_text(labels[j])};
    }
}

void parts_clear(struct parts *parts)
{
    for (int64_t p = 0; p < parts->n; p++)
        memory_free(parts->items[p].label);
    for (int64_t l = 0; l < parts->n_layer; l++)
        memory_free(parts->layers[l]);
    memory_free(parts->items);
    memory_free(parts->layers);
    memory_free(parts->members);
    memory_free(parts->ids);
    *parts = (struct parts){0};
}

int64_t part_size(const struct part *part)
{
    return part->n_member > 1 ? part->n_member : 1;
}

const char *part_id(const struct parts *parts, int64_t p, char *out)
{
    memcpy(out, parts->ids + p * parts->id_bytes, (size_t)parts->id_bytes);
    out[parts->id_bytes] = 0;
    return out;
}

int64_t parts_find(const struct parts *parts, const char *id)
{
    size_t n = strlen(id), width = (size_t)parts->id_bytes;
    for (int64_t p = 0; p < parts->n && n <= width; p++) {
        const char *own = parts->ids + p * parts->id_bytes;
        if (memcmp(own, id, n) == 0 && (n == width || own[n] == 0))
            return p;
    }
    return -1;
}
