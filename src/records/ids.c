#include "records/ids.h"

#include <string.h>

#include "base/memory.h"

enum status ids_add(const struct lines *lines, const char *key, struct text *scratch, struct name_set *ids)
{
    enum status status = lines_id(lines, key, scratch);
    if (status != STATUS_OK)
        return status;
    bool is_new;
    int64_t number = name_set_add(ids, scratch->bytes, &is_new);
    if (is_new)
        return STATUS_OK;
    struct text found;
    text_init(&found);
    json_add_excerpt(&found, scratch->bytes);
    status = fail(BAD_INPUT, "%s: line %lld: %s: expected an id of its own, found %s, which line %lld has too",
                  lines->file, (long long)lines->number, key, found.bytes, (long long)number + 1);
    text_clear(&found);
    return status;
}

char *ids_pad(const struct name_set *ids, const int64_t *numbers, int64_t n, int64_t *id_bytes)
{
    int64_t width = 1;
    for (int64_t i = 0; i < n; i++) {
        int64_t length = (int64_t)strlen(name_set_get(ids, numbers ? numbers[i] : i));
        width = length > width ? length : width;
    }
    ASSERT(n <= INT64_MAX / width);
    char *padded = memory_allocate(n * width, 1);
    for (int64_t i = 0; i < n; i++) {
        const char *id = name_set_get(ids, numbers ? numbers[i] : i);
        memcpy(padded + i * width, id, strlen(id));
    }
    *id_bytes = width;
    return padded;
}
