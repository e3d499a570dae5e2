#include "seal/entry.h"

#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"
#include "seal/entry_fields.h"

#define AT(member) offsetof(struct entry, member)

static const struct entry_line config_lines[] = {
    {"path", LINE_NAME, AT(path)}, {"bytes", LINE_INTEGER, AT(bytes)}, {"sha256", LINE_SHA256, AT(sha256)}};
static const struct entry_line input_lines[] = {
    {"path", LINE_NAME, AT(path)},        {"object", LINE_NAME, AT(object)},  {"kind", LINE_SEGMENT, AT(segment)},
    {"offset", LINE_INTEGER, AT(offset)}, {"bytes", LINE_INTEGER, AT(bytes)}, {"row", LINE_INTEGER, AT(row_first)},
    {"rows", LINE_INTEGER, AT(n_row)},    {"sha256", LINE_SHA256, AT(sha256)}};
static const struct entry_line dataset_lines[] = {{"path", LINE_NAME, AT(path)}, {"object", LINE_NAME, AT(object)},
                                                  {"type", LINE_TYPE, AT(type)}, {"shape", LINE_SHAPE, AT(n_dim)},
                                                  {"unit", LINE_TEXT, AT(unit)}, {"description", LINE_TEXT, AT(text)}};
static const struct entry_line chunk_lines[] = {
    {"path", LINE_NAME, AT(path)},      {"object", LINE_NAME, AT(object)}, {"start", LINE_INTEGER, AT(row_first)},
    {"count", LINE_INTEGER, AT(n_row)}, {"type", LINE_TYPE, AT(type)},     {"bytes", LINE_INTEGER, AT(bytes)},
    {"sha256", LINE_SHA256, AT(sha256)}};
static const struct entry_line samples_lines[] = {{"path", LINE_NAME, AT(path)},
                                                  {"run", LINE_NAME, AT(run)},
                                                  {"salt", LINE_SHA256, AT(samples.salt)},
                                                  {"size", LINE_INTEGER, AT(samples.size)},
                                                  {"root", LINE_SHA256, AT(samples.root)},
                                                  {"samples", LINE_INTEGER, AT(samples.samples)},
                                                  {"unlisted", LINE_INTEGER, AT(samples.unlisted)},
                                                  {"trained", LINE_INTEGER, AT(samples.trained)},
                                                  {"never-used", LINE_INTEGER, AT(samples.never_used)},
                                                  {"rejected", LINE_INTEGER, AT(samples.rejected)},
                                                  {"scored", LINE_INTEGER, AT(samples.scored)},
                                                  {"uses", LINE_INTEGER, AT(samples.uses)},
                                                  {"steps", LINE_INTEGER, AT(samples.steps)},
                                                  {"epochs", LINE_INTEGER, AT(samples.epochs)}};
static const struct entry_line footer_lines[] = {{"config", LINE_INTEGER, AT(counts[ENTRY_CONFIG])},
                                                 {"input", LINE_INTEGER, AT(counts[ENTRY_INPUT])},
                                                 {"dataset", LINE_INTEGER, AT(counts[ENTRY_DATASET])},
                                                 {"chunk", LINE_INTEGER, AT(counts[ENTRY_CHUNK])},
                                                 {"samples", LINE_IF_ANY, AT(counts[ENTRY_SAMPLES])},
                                                 {"footer", LINE_INTEGER, AT(counts[ENTRY_FOOTER])},
                                                 {"total", LINE_INTEGER, AT(total)},
                                                 {"complete", LINE_WORD, 0}};

#define FORM(name, lines)                                                                                              \
    {                                                                                                                  \
        name, lines, sizeof lines / sizeof lines[0]                                                                    \
    }
const struct entry_form entry_forms[ENTRY_KIND_COUNT] = {
    [ENTRY_CONFIG] = FORM("config", config_lines),    [ENTRY_INPUT] = FORM("input", input_lines),
    [ENTRY_DATASET] = FORM("dataset", dataset_lines), [ENTRY_CHUNK] = FORM("chunk", chunk_lines),
    [ENTRY_SAMPLES] = FORM("samples", samples_lines), [ENTRY_FOOTER] = FORM("footer", footer_lines)};

const char *entry_kind_name(enum entry_kind kind)
{
    return entry_forms[kind].name;
}

int64_t entry_type_bytes(const char *type)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } numbers[] = {{"i8", 1}, {"u8", 1}, {"i32le", 4}, {"i64le", 8}, {"f64le", 8}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(type, numbers[i].name) == 0)
            return numbers[i].bytes;
    struct cursor cursor;
    int64_t width = 0;
    cursor_init(&cursor, type, strlen(type));
    cursor_literal(&cursor, "utf8[");
    cursor_integer(&cursor, &width);
    cursor_literal(&cursor, "]");
    return cursor_is_done(&cursor) ? width : 0;
}

static bool is_name(const char *name, bool may_be_empty)
{
    return name != NULL && (may_be_empty || name[0] != 0) && is_plain_line(name, strlen(name));
}

/* Adds the value of one line; false if it cannot be written. */
static bool write_value(const struct entry *entry, const struct entry_line *line, struct text *text)
{
    const void *value = (const char *)entry + line->offset;
    const char *name = NULL;
    switch (line->type) {
        case LINE_NAME:
        case LINE_TEXT:
        case LINE_TYPE:
            memcpy(&name, value, sizeof name);
            if (!is_name(name, line->type == LINE_TEXT) || (line->type == LINE_TYPE && entry_type_bytes(name) == 0))
                return false;
            text_add(text, " %s", name);
            return true;
        case LINE_INTEGER:
        case LINE_IF_ANY:
            text_add(text, " %lld", (long long)*(const int64_t *)value);
            return *(const int64_t *)value >= 0;
        case LINE_SEGMENT:
            text_add(text, " %s", entry->segment == SEGMENT_RAW ? "raw" : "logical");
            return true;
        case LINE_SHAPE:
            for (int i = 0; i < entry->n_dim; i++) {
                if (entry->dims[i] < 0)
                    return false;
                text_add(text, " %lld", (long long)entry->dims[i]);
            }
            if (entry->n_dim == 0)
                text_add(text, " scalar");
            return true;
        case LINE_SHA256: {
            char hex[2 * DIGEST_BYTES + 1];
            hex_encode(value, DIGEST_BYTES, hex);
            text_add(text, " %s", hex);
            return true;
        }
        case LINE_WORD:
            return true;
    }
    return false;
}

static bool is_left_out(const struct entry *entry, const struct entry_line *line)
{
    return line->type == LINE_IF_ANY && *(const int64_t *)(const void *)((const char *)entry + line->offset) == 0;
}

enum status entry_write(const struct entry *entry, struct text *text)
{
    const struct entry_form *form = &entry_forms[entry->kind];
    struct text out;
    enum status status = STATUS_OK;
    text_init(&out);
    text_add(&out, "assay/%s/v1\n", form->name);
    for (int i = 0; i < form->n_line && status == STATUS_OK; i++) {
        if (is_left_out(entry, &form->lines[i]))
            continue;
        text_add_bytes(&out, form->lines[i].name, strlen(form->lines[i].name));
        if (!write_value(entry, &form->lines[i], &out))
            status = fail(BAD_RUN,
                          "%s %s %s: the %s of a log entry must be plain UTF-8 text without control characters, and "
                          "not empty; rename it and run the job again",
                          form->name, entry->path ? entry->path : "?", entry->object ? entry->object : "",
                          form->lines[i].name);
        text_add_bytes(&out, "\n", 1);
    }
    if (status == STATUS_OK && out.length > ENTRY_MAX_BYTES)
        status = fail(BAD_RUN, "%s %.200s: a log entry of %zu bytes is too long, at most %d fit; shorten its names",
                      form->name, entry->path ? entry->path : "?", out.length, ENTRY_MAX_BYTES);
    if (status == STATUS_OK)
        text_add_bytes(text, out.bytes, out.length);
    text_clear(&out);
    return status;
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_names(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

int entry_compare(const struct entry *a, const struct entry *b)
{
    int order = compare_integers(a->kind, b->kind);
    if (order == 0)
        order = compare_names(a->path, b->path);
    if (order == 0)
        order = compare_names(a->object, b->object);
    if (order == 0)
        order = compare_integers(a->segment, b->segment);
    if (order == 0)
        order = compare_integers(a->offset, b->offset);
    if (order == 0 && a->kind == ENTRY_INPUT)
        return compare_integers(a->bytes, b->bytes);
    return order ? order : compare_integers(a->row_first, b->row_first);
}

int64_t block_rows(int64_t row_bytes)
{
    enum { BLOCK_BYTES = 1 << 20 };
    return row_bytes > 0 && row_bytes < BLOCK_BYTES ? BLOCK_BYTES / row_bytes : 1;
}

int64_t block_count(int64_t n_row, int64_t row_bytes)
{
    int64_t rows = block_rows(row_bytes);
    return n_row > 0 && row_bytes > 0 ? n_row / rows + (n_row % rows != 0) : 0;
}

void entry_describe(const struct entry *entry, struct text *text)
{
    if (entry->kind == ENTRY_FOOTER) {
        text_add(text, "the footer of the log");
        return;
    }
    text_add(text, "%s", entry->path);
    bool has_object = entry->object != NULL && strcmp(entry->object, "-") != 0;
    if (has_object)
        text_add(text, "%s%s", entry->object[0] == '/' ? ":" : "#", entry->object);
    if (entry->kind == ENTRY_CHUNK || (entry->kind == ENTRY_INPUT && has_object && entry->n_row > 0))
        text_add(text, " rows %lld to %lld", (long long)entry->row_first,
                 (long long)(entry->row_first + entry->n_row - 1));
    if (entry->kind == ENTRY_INPUT)
        text_add(text, "%s %s %lld to %lld", has_object ? "," : "",
                 entry->segment == SEGMENT_RAW ? "bytes" : "logical bytes", (long long)entry->offset,
                 (long long)(entry->offset + entry->bytes));
}
