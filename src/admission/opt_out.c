#include <string.h>

#include "admission/policies.h"
#include "base/memory.h"

static void add(struct strings *owners, int64_t *capacity, char *owner)
{
    if (owners->n == *capacity) {
        int64_t more = 2 * *capacity + 64;
        owners->items = memory_resize(owners->items, *capacity, more, sizeof *owners->items);
        *capacity = more;
    }
    owners->items[owners->n++] = owner;
}

/* A line of plain text.  What could never match an owner is refused: it would let in what should be kept out. */
static enum status take_text(const char *file, int64_t number, const char *line, size_t n, char **owner)
{
    bool plain = n <= NAME_LONGEST && line[0] != ' ' && line[n - 1] != ' ' && utf8_is_valid(line, n);
    for (size_t i = 0; i < n; i++)
        plain = plain && (unsigned char)line[i] >= 0x20 && line[i] != 0x7f;
    if (!plain)
        return fail(BAD_INPUT,
                    "%s: line %lld: expected an owner in at most %d bytes of UTF-8, without control characters or "
                    "spaces around it, found something else",
                    file, (long long)number, NAME_LONGEST);
    *owner = memcpy(memory_allocate((int64_t)n + 1, 1), line, n);
    return STATUS_OK;
}

static enum status take_json(const char *file, int64_t number, const char *line, size_t n, char **owner)
{
    cJSON *json = NULL;
    enum status status = json_parse_line(line, n, file, number, BAD_INPUT, &json);
    if (status != STATUS_OK)
        return status;
    struct text name;
    text_init(&name);
    text_add(&name, "%s: line %lld", file, (long long)number);
    const struct place place = {.file = name.bytes};
    if (cJSON_IsObject(json)) {
        const struct place inner = place_member(&place, "owner");
        status = name_read(&inner, json_member(json, "owner"), owner);
    } else {
        status = name_read(&place, json, owner);
    }
    text_clear(&name);
    cJSON_Delete(json);
    return status;
}

enum status opt_out_parse(const char *file, const char *bytes, size_t n, struct strings *owners)
{
    static const char json_lines[] = ".jsonl";
    size_t n_file = strlen(file), n_end = strlen(json_lines);
    bool is_json = n_file >= n_end && strcmp(file + n_file - n_end, json_lines) == 0;
    struct strings read = {0};
    int64_t capacity = 0, number = 0;
    enum status status = STATUS_OK;
    for (size_t at = 0; at < n && status == STATUS_OK;) {
        const char *line = bytes + at, *end = memchr(line, '\n', n - at);
        size_t length = end != NULL ? (size_t)(end - line) : n - at;
        char *owner = NULL;
        number++;
        if (length > 0) {
            status =
                is_json ? take_json(file, number, line, length, &owner) : take_text(file, number, line, length, &owner);
            if (status == STATUS_OK)
                add(&read, &capacity, owner);
        }
        at += length + 1;
    }
    if (status != STATUS_OK) {
        strings_clear(&read);
        return status;
    }
    strings_sort(&read);
    *owners = read;
    return STATUS_OK;
}
