#include "config/json_scan.h"

#include "config/json_token.h"

struct scanner {
    struct json_cursor cursor;
    char closing[JSON_DEPTH]; /* '}' or ']' of every open object or list */
    int depth;
    int64_t n_key;
    int64_t key_wanted; /* the ordinal of the key to find, -1 for none */
    size_t key_at;      /* where it was found */
};

/* A key and its colon. */
static enum status scan_key(struct scanner *scanner)
{
    json_cursor_skip_space(&scanner->cursor);
    if (json_cursor_peek(&scanner->cursor) != '"')
        return json_cursor_expected(&scanner->cursor, "a key in double quotes");
    if (scanner->n_key++ == scanner->key_wanted)
        scanner->key_at = scanner->cursor.at;
    enum status status = json_token_string(&scanner->cursor);
    if (status != STATUS_OK)
        return status;
    json_cursor_skip_space(&scanner->cursor);
    if (json_cursor_peek(&scanner->cursor) != ':')
        return json_cursor_expected(&scanner->cursor, "':' after the key");
    scanner->cursor.at++;
    return STATUS_OK;
}

/* At '{' or '['.  *more: a value of the object or list must follow. */
static enum status scan_open(struct scanner *scanner, bool *more)
{
    if (scanner->depth == JSON_DEPTH)
        return json_cursor_fail(&scanner->cursor, scanner->cursor.at, "objects and lists are nested deeper than 64");
    char closing = json_cursor_peek(&scanner->cursor) == '{' ? '}' : ']';
    scanner->cursor.at++;
    json_cursor_skip_space(&scanner->cursor);
    *more = json_cursor_peek(&scanner->cursor) != closing;
    if (!*more) {
        scanner->cursor.at++;
        return STATUS_OK;
    }
    scanner->closing[scanner->depth++] = closing;
    return closing == '}' ? scan_key(scanner) : STATUS_OK;
}

/* A whole scalar or empty container, or the start of another container, up to where its first value starts (*more). */
static enum status scan_value(struct scanner *scanner, bool *more)
{
    json_cursor_skip_space(&scanner->cursor);
    int c = json_cursor_peek(&scanner->cursor);
    *more = false;
    if (c == '{' || c == '[')
        return scan_open(scanner, more);
    if (c == '"')
        return json_token_string(&scanner->cursor);
    if (c == '-' || (c >= '0' && c <= '9'))
        return json_token_number(&scanner->cursor);
    if (json_cursor_word(&scanner->cursor, "true") || json_cursor_word(&scanner->cursor, "false") ||
        json_cursor_word(&scanner->cursor, "null"))
        return STATUS_OK;
    return json_cursor_expected(&scanner->cursor, "a value");
}

/* Behind a value: closes what ends there; *more: another value must follow. */
static enum status scan_behind(struct scanner *scanner, bool *more)
{
    *more = false;
    for (;;) {
        json_cursor_skip_space(&scanner->cursor);
        int c = json_cursor_peek(&scanner->cursor);
        if (scanner->depth == 0)
            return c < 0 ? STATUS_OK : json_cursor_expected(&scanner->cursor, "nothing more after the value");
        char closing = scanner->closing[scanner->depth - 1];
        if (c == ',') {
            *more = true;
            scanner->cursor.at++;
            return closing == '}' ? scan_key(scanner) : STATUS_OK;
        }
        if (c != closing)
            return json_cursor_expected(&scanner->cursor, closing == '}' ? "',' or '}'" : "',' or ']'");
        scanner->cursor.at++;
        scanner->depth--;
    }
}

static enum status scan_document(struct scanner *scanner)
{
    if (json_cursor_word(&scanner->cursor, "\xef\xbb\xbf"))
        return json_cursor_fail(&scanner->cursor, 0,
                                "the text starts with a byte order mark: save it as UTF-8 without one");
    for (bool more = true; more;) {
        enum status status = scan_value(scanner, &more);
        if (status == STATUS_OK && !more)
            status = scan_behind(scanner, &more);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status json_scan(const struct json_source *source, enum status bad)
{
    struct scanner scanner = {.cursor = {source, 0, bad}, .key_wanted = -1};
    return scan_document(&scanner);
}

void json_key_place(const struct json_source *source, int64_t ordinal, int64_t *line, int64_t *column)
{
    struct scanner scanner = {.cursor = {source, 0, BAD_INPUT}, .key_wanted = ordinal};
    ASSERT(scan_document(&scanner) == STATUS_OK && ordinal >= 0 && ordinal < scanner.n_key);
    json_cursor_place(source, scanner.key_at, line, column);
}
