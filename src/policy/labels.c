#include "policy/labels.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "records/lines.h"

static enum status add_label(const struct lines *lines, struct labels *labels)
{
    int64_t index;
    const char *label;
    if (!json_integer(json_member(lines->record, "index"), &index) || index < 0 || index >= labels->n) {
        char expected[64];
        snprintf(expected, sizeof expected, "a feature from 0 to %lld", (long long)labels->n - 1);
        return lines_expected(lines, "index", expected);
    }
    if (labels->items[index] != NULL)
        return lines_expected(lines, "index", "a feature that no line before has");
    enum status status = lines_string(lines, "label", &label);
    if (status == STATUS_OK && (strlen(label) > ID_LONGEST || has_control_character(label)))
        status = lines_expected(lines, "label", "at most 1024 bytes without control characters");
    if (status == STATUS_OK)
        labels->items[index] = memory_copy_text(label);
    return status;
}

enum status labels_parse(const char *file, const char *bytes, size_t n, int64_t n_feature, struct labels *labels)
{
    *labels = (struct labels){.items = memory_allocate(n_feature, sizeof *labels->items), .n = n_feature};
    struct lines lines;
    lines_init(&lines, file, bytes, n);
    enum status status = lines_next(&lines);
    while (status == STATUS_OK && lines.record != NULL) {
        status = add_label(&lines, labels);
        if (status == STATUS_OK)
            status = lines_next(&lines);
    }
    lines_clear(&lines);
    for (int64_t j = 0; j < n_feature && status == STATUS_OK; j++)
        if (labels->items[j] == NULL)
            labels->items[j] = memory_copy_text("");
    if (status != STATUS_OK)
        labels_clear(labels);
    return status;
}

void labels_clear(struct labels *labels)
{
    for (int64_t j = 0; labels->items != NULL && j < labels->n; j++)
        memory_free(labels->items[j]);
    memory_free(labels->items);
    *labels = (struct labels){0};
}
