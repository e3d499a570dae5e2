#include "usage/record.h"

#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"

static const char head[] = "assay/sample/v1\n";

#define NAME(text)                                                                                                     \
    {                                                                                                                  \
        text, sizeof text - 1                                                                                          \
    }
static const struct record_value names[N_RECORD_LINES] = {
    [RECORD_ID] = NAME("id "),           [RECORD_ROLE] = NAME("role "),
    [RECORD_OWNER] = NAME("owner "),     [RECORD_POLICY] = NAME("policy "),
    [RECORD_PROFILE] = NAME("profile "), [RECORD_DECISION] = NAME("decision "),
    [RECORD_REASON] = NAME("reason "),   [RECORD_USES] = NAME("uses "),
    [RECORD_STEPS] = NAME("steps "),     [RECORD_INFLUENCE] = NAME("influence ")};

static char *append(char *at, const char *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

void usage_record_write(const struct record_value values[N_RECORD_LINES], struct text *text)
{
    size_t n = sizeof head - 1;
    for (int i = 0; i < N_RECORD_LINES; i++)
        n += names[i].n + values[i].n + 1;
    text_reserve(text, n); /* once: there are millions of records */
    char *at = append(text->bytes + text->length, head, sizeof head - 1);
    for (int i = 0; i < N_RECORD_LINES; i++) {
        at = append(at, names[i].bytes, names[i].n);
        at = append(at, values[i].bytes, values[i].n);
        *at++ = '\n';
    }
    *at = 0;
    text->length += n;
}

void usage_add_integer(struct text *text, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        digits[--at] = '-';
    text_add_bytes(text, digits + at, sizeof digits - at);
}

/* As text_add_json_string, and with the control characters of two bytes (U+0080 to U+009F) escaped too: a record has
 * none. */
static void add_escaped(struct text *text, const char *name, size_t n)
{
    text_add_bytes(text, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)name[i], next = i + 1 < n ? (unsigned char)name[i + 1] : 0;
        if (byte == '"' || byte == '\\')
            text_add(text, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            text_add(text, "\\u%04x", byte);
        else if (byte == 0xc2 && next >= 0x80 && next < 0xa0)
            text_add(text, "\\u%04x", (unsigned char)name[++i]);
        else
            text_add_bytes(text, name + i, 1);
    }
    text_add_bytes(text, "\"", 1);
}

void usage_add_name(struct text *text, const char *name, size_t n)
{
    bool is_plain = true; /* as nearly all are: no byte needs another form */
    for (size_t i = 0; i < n && is_plain; i++)
        is_plain = name[i] >= 0x20 && name[i] < 0x7f && name[i] != '"' && name[i] != '\\';
    if (!is_plain) {
        add_escaped(text, name, n);
        return;
    }
    text_add_bytes(text, "\"", 1);
    text_add_bytes(text, name, n);
    text_add_bytes(text, "\"", 1);
}

/* Appends runs of consecutive steps.  How many distinct ones there are. */
static int64_t add_runs(struct text *text, const int64_t *steps, int64_t n)
{
    int64_t n_distinct = 0;
    for (int64_t i = 0; i < n;) {
        int64_t first = steps[i], last = first;
        while (i < n && (steps[i] == last || steps[i] == last + 1))
            last = steps[i++];
        if (n_distinct > 0)
            text_add_bytes(text, ",", 1);
        usage_add_integer(text, first);
        if (last > first) {
            text_add_bytes(text, "-", 1);
            usage_add_integer(text, last);
        }
        n_distinct += last - first + 1;
    }
    return n_distinct;
}

void usage_add_steps(struct text *text, const int64_t *steps, int64_t n)
{
    enum { LONGEST = 256 };
    size_t start = text->length;
    if (n == 0) {
        text_add_bytes(text, "-", 1);
        return;
    }
    int64_t n_distinct = add_runs(text, steps, n);
    if (text->length - start <= LONGEST)
        return;
    uint8_t sha256[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    digest_of(text->bytes + start, text->length - start, sha256);
    hex_encode(sha256, DIGEST_BYTES, hex);
    text->length = start;
    text_add(text, "first %lld last %lld count %lld sha256 %s", (long long)steps[0], (long long)steps[n - 1],
             (long long)n_distinct, hex);
}

/* The lines of record->text, each ended by a zero byte. */
static bool take_lines(struct usage_record *record, size_t n)
{
    struct cursor cursor;
    cursor_init(&cursor, record->text, n);
    cursor_literal(&cursor, head);
    for (int i = 0; i < N_RECORD_LINES; i++) {
        const char *value;
        size_t length;
        cursor_literal(&cursor, names[i].bytes);
        cursor_until(&cursor, '\n', &value, &length);
        if (!cursor.ok || length == 0 || !is_plain_line(value, length))
            return false;
        record->text[value - record->text + (ptrdiff_t)length] = 0;
        record->values[i] = value;
    }
    const char *uses = record->values[RECORD_USES];
    return cursor_is_done(&cursor) && parse_integer(uses, strlen(uses), &record->uses);
}

enum status usage_record_parse(const char *bytes, size_t n, const char *where, struct usage_record *record)
{
    struct usage_record found = {.text = memcpy(memory_allocate((int64_t)n + 1, 1), bytes, n)};
    if (!take_lines(&found, n)) {
        usage_record_clear(&found);
        return fail(BAD_INPUT,
                    "%s: expected the record of a sample (assay/sample/v1 and its %d lines), found %zu other bytes: "
                    "the file is damaged or from another version",
                    where, N_RECORD_LINES, n);
    }
    *record = found;
    return STATUS_OK;
}

void usage_record_clear(struct usage_record *record)
{
    memory_free(record->text);
    *record = (struct usage_record){0};
}
