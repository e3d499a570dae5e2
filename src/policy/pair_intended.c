#include "policy/pair_intended.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

/* Labels that many features share make long lists of short files. */
enum { INTENDED_MOST = 1 << 26 };

/* ---- labels ---------------------------------------------------------------------------------------------------- */

void feature_labels_init(struct feature_labels *index, int64_t n_feature, char *const *labels)
{
    int64_t n = labels == NULL ? 0 : n_feature;
    int64_t *label = memory_allocate(n, sizeof *label);
    *index = (struct feature_labels){
        .n_feature = n_feature, .given = labels != NULL, .feature = memory_allocate(n, sizeof *index->feature)};
    name_set_init(&index->names);
    for (int64_t j = 0; j < n; j++) {
        bool is_new;
        label[j] = name_set_add(&index->names, labels[j], &is_new);
    }
    index->start = memory_allocate(index->names.n + 1, sizeof *index->start);
    for (int64_t j = 0; j < n; j++)
        index->start[label[j] + 1]++;
    for (int64_t l = 0; l < index->names.n; l++)
        index->start[l + 1] += index->start[l];
    int64_t *n_placed = memory_allocate(index->names.n, sizeof *n_placed);
    for (int64_t j = 0; j < n; j++)
        index->feature[index->start[label[j]] + n_placed[label[j]]++] = (int32_t)j;
    memory_free(n_placed);
    memory_free(label);
}

void feature_labels_clear(struct feature_labels *index)
{
    name_set_clear(&index->names);
    memory_free(index->start);
    memory_free(index->feature);
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

void pair_intended_clear(struct pair_intended *intended)
{
    memory_free(intended->start);
    memory_free(intended->feature);
    *intended = (struct pair_intended){0};
}

/* The last pair's list is what lies behind start[n]; it ends at start[n + 1]. */
static void add_feature(struct pair_intended *intended, int64_t feature)
{
    int64_t *end = &intended->start[intended->n + 1];
    if (*end == intended->feature_room) {
        int64_t room = 2 * intended->feature_room + 64;
        intended->feature = memory_resize(intended->feature, *end, room, sizeof *intended->feature);
        intended->feature_room = room;
    }
    intended->feature[(*end)++] = (int32_t)feature;
}

static int compare_features(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The last pair's list in ascending order, each feature once. */
static void sort_last(struct pair_intended *intended)
{
    int64_t first = intended->start[intended->n], end = intended->start[intended->n + 1], kept = first;
    if (end == first)
        return;
    qsort(intended->feature + first, (size_t)(end - first), sizeof *intended->feature, compare_features);
    for (int64_t i = first; i < end; i++)
        if (i == first || intended->feature[i] != intended->feature[kept - 1])
            intended->feature[kept++] = intended->feature[i];
    intended->start[intended->n + 1] = kept;
}

/* "FILE: line N: intended: expected …, found …" for one item of the list. */
static enum status bad_item(const struct lines *lines, const char *expected, const cJSON *item)
{
    struct text found;
    text_init(&found);
    json_add_found(&found, item);
    enum status status = fail(BAD_INPUT, "%s: line %lld: intended: expected %s, found %s", lines->file,
                              (long long)lines->number, expected, found.bytes);
    text_clear(&found);
    return status;
}

static enum status add_label(struct pair_intended *intended, const struct lines *lines, struct feature_labels *labels,
                             const cJSON *item)
{
    if (!labels->given)
        return bad_item(lines, "indices of features, as policy.features.labels is not given", item);
    bool is_new = true;
    int64_t label = item->valuestring[0] == 0 ? 0 : name_set_add(&labels->names, item->valuestring, &is_new);
    if (is_new)
        return bad_item(lines, "the label of a feature", item);
    for (int64_t k = labels->start[label]; k < labels->start[label + 1]; k++)
        add_feature(intended, labels->feature[k]);
    return STATUS_OK;
}

static enum status add_item(struct pair_intended *intended, const struct lines *lines, struct feature_labels *labels,
                            const cJSON *item)
{
    int64_t feature;
    if (cJSON_IsString(item))
        return add_label(intended, lines, labels, item);
    if (!json_integer(item, &feature))
        return bad_item(lines, "a list of feature indices or labels", item);
    if (feature < 0 || feature >= labels->n_feature) {
        char expected[80];
        snprintf(expected, sizeof expected, "a feature that exists, 0 to %lld", (long long)labels->n_feature - 1);
        return bad_item(lines, expected, item);
    }
    add_feature(intended, feature);
    return STATUS_OK;
}

enum status pair_intended_add(struct pair_intended *intended, const struct lines *lines, struct feature_labels *labels)
{
    const cJSON *list = json_member(lines->record, "intended"), *item;
    if (list != NULL && !cJSON_IsNull(list) && !cJSON_IsArray(list))
        return lines_expected(lines, "intended", "a list of feature indices or labels");
    if (intended->n + 2 > intended->pair_room) {
        int64_t room = 2 * intended->pair_room + 64;
        intended->start = memory_resize(intended->start, intended->pair_room, room, sizeof *intended->start);
        intended->pair_room = room;
    }
    int64_t first = intended->n == 0 ? 0 : intended->start[intended->n];
    intended->start[intended->n] = intended->start[intended->n + 1] = first;
    cJSON_ArrayForEach(item, list)
    {
        enum status status = add_item(intended, lines, labels, item);
        if (status != STATUS_OK)
            return status;
        if (intended->start[intended->n + 1] - first > 2 * labels->n_feature) /* some of them more than once */
            sort_last(intended);
    }
    sort_last(intended);
    if (intended->start[intended->n + 1] > INTENDED_MOST)
        return fail(BAD_INPUT,
                    "%s: line %lld: intended: expected at most %d intended features in all pairs together, found more",
                    lines->file, (long long)lines->number, INTENDED_MOST);
    intended->n++;
    return STATUS_OK;
}

int64_t pair_intended_count(const struct pair_intended *intended, int64_t i)
{
    return intended->start[i + 1] - intended->start[i];
}

bool pair_intended_has(const struct pair_intended *intended, int64_t i, int64_t j)
{
    int64_t first = intended->start[i], end = intended->start[i + 1];
    while (first < end) {
        int64_t middle = first + (end - first) / 2;
        if (intended->feature[middle] < j)
            first = middle + 1;
        else
            end = middle;
    }
    return first < intended->start[i + 1] && intended->feature[first] == j;
}
