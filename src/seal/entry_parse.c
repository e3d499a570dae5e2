#include "seal/entry.h"

#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"
#include "seal/entry_fields.h"

static void parse_shape(struct entry *entry, const char *value)
{
    struct cursor cursor;
    cursor_init(&cursor, value, strlen(value));
    entry->n_dim = 0;
    while (cursor.ok && cursor.at < cursor.end && entry->n_dim < ENTRY_MAX_DIM) {
        cursor_integer(&cursor, &entry->dims[entry->n_dim]);
        if (!cursor.ok)
            return; /* "scalar", or something that is not written back as it was */
        entry->n_dim++;
        if (cursor.at < cursor.end)
            cursor_literal(&cursor, " ");
    }
}

/* Sets one field from the text after the line's name, which stays where it is.  Anything odd either fails here or is
 * not written back as it was found. */
static bool parse_value(struct entry *entry, const struct entry_line *line, const char *value)
{
    void *field = (char *)entry + line->offset;
    switch (line->type) {
        case LINE_NAME:
        case LINE_TEXT:
        case LINE_TYPE:
            memcpy(field, &value, sizeof value);
            return true;
        case LINE_INTEGER:
        case LINE_IF_ANY:
            return parse_integer(value, strlen(value), field);
        case LINE_SEGMENT:
            entry->segment = strcmp(value, "logical") == 0 ? SEGMENT_LOGICAL : SEGMENT_RAW;
            return true;
        case LINE_SHAPE:
            parse_shape(entry, value);
            return true;
        case LINE_SHA256:
            return hex_decode(value, field, DIGEST_BYTES);
        case LINE_WORD:
            return true;
    }
    return false;
}

/* Takes "NAME VALUE\n" and puts a zero byte where the line ended. */
static bool parse_line(struct cursor *cursor, struct entry *entry, const struct entry_line *line)
{
    const char *value;
    size_t n;
    if (line->type == LINE_IF_ANY && !cursor_sees(cursor, line->name))
        return cursor->ok;
    cursor_literal(cursor, line->name);
    if (line->type != LINE_WORD)
        cursor_literal(cursor, " ");
    cursor_until(cursor, '\n', &value, &n);
    if (!cursor->ok)
        return false;
    entry->storage[value - entry->storage + (ptrdiff_t)n] = 0;
    return parse_value(entry, line, value);
}

static bool parse_form(struct cursor *cursor, struct entry *entry)
{
    const struct entry_form *form = &entry_forms[entry->kind];
    for (int i = 0; i < form->n_line; i++)
        if (!parse_line(cursor, entry, &form->lines[i]))
            return false;
    bool fits = entry->bytes <= INT64_MAX - entry->offset && entry->n_row <= INT64_MAX - entry->row_first;
    return fits && cursor_is_done(cursor);
}

static bool parse_kind(struct cursor *cursor, enum entry_kind *kind)
{
    cursor_literal(cursor, "assay/");
    for (int k = 0; k < ENTRY_KIND_COUNT; k++) {
        if (!cursor_sees(cursor, entry_forms[k].name))
            continue;
        *kind = (enum entry_kind)k;
        cursor_literal(cursor, entry_forms[k].name);
        cursor_literal(cursor, "/v1\n");
        return cursor->ok;
    }
    return false;
}

/* The parser may be lenient about a byte here or there: what decides is that the writer would write the same. */
static bool is_written_so(const struct entry *entry, const char *bytes, size_t n)
{
    struct text again;
    text_init(&again);
    bool same = entry_write(entry, &again) == STATUS_OK && again.length == n && memcmp(again.bytes, bytes, n) == 0;
    text_clear(&again);
    return same;
}

enum status entry_parse(const char *bytes, size_t n, const char *where, struct entry *entry)
{
    struct entry found = {0};
    struct cursor cursor;
    bool good = n <= ENTRY_MAX_BYTES && memchr(bytes, 0, n) == NULL;
    if (good) {
        found.storage = memcpy(memory_allocate((int64_t)n + 1, 1), bytes, n);
        cursor_init(&cursor, found.storage, n);
        good = parse_kind(&cursor, &found.kind) && parse_form(&cursor, &found) && is_written_so(&found, bytes, n);
    }
    if (!good) {
        entry_clear(&found);
        return fail(BAD_RUN,
                    "%s: expected a log entry in exactly the form that this program writes, found %zu other "
                    "bytes: the file is damaged or from another version",
                    where, n);
    }
    *entry = found;
    return STATUS_OK;
}

void entry_clear(struct entry *entry)
{
    memory_free(entry->storage);
    *entry = (struct entry){0};
}
