#include <string.h>

#include "base/memory.h"
#include "records/ids.h"
#include "records/records.h"

static enum status add_query(struct lines *lines, struct text *scratch, struct name_set *ids, struct queries *queries,
                             int64_t *capacity)
{
    const char *text = "";
    enum status status = ids_add(lines, "id", scratch, ids);
    if (status == STATUS_OK)
        status = lines_string(lines, "text", &text);
    if (status != STATUS_OK)
        return status;
    if (queries->n == *capacity) {
        *capacity = 2 * *capacity + 16;
        queries->texts = memory_resize(queries->texts, queries->n, *capacity, sizeof *queries->texts);
    }
    queries->texts[queries->n++] = memory_copy_text(text);
    return STATUS_OK;
}

enum status queries_parse(const char *file, const char *bytes, size_t n, struct queries *queries)
{
    struct queries read = {0};
    struct lines lines;
    struct name_set ids;
    struct text scratch;
    int64_t capacity = 0;
    lines_init(&lines, file, bytes, n);
    name_set_init(&ids);
    text_init(&scratch);
    enum status status = lines_next(&lines);
    while (status == STATUS_OK && lines.record != NULL) {
        status = add_query(&lines, &scratch, &ids, &read, &capacity);
        if (status == STATUS_OK)
            status = lines_next(&lines);
    }
    if (status == STATUS_OK && read.n == 0)
        status = fail(BAD_INPUT, "%s: expected at least one query, found an empty file", file);
    if (status == STATUS_OK) {
        read.ids = ids_pad(&ids, NULL, read.n, &read.id_bytes);
        *queries = read;
    } else {
        queries_clear(&read);
    }
    text_clear(&scratch);
    name_set_clear(&ids);
    lines_clear(&lines);
    return status;
}

void queries_clear(struct queries *queries)
{
    for (int64_t i = 0; i < queries->n; i++)
        memory_free(queries->texts[i]);
    memory_free(queries->texts);
    memory_free(queries->ids);
    *queries = (struct queries){0};
}
