#include "config/json_cursor.h"

#include <string.h>

#include "base/text.h"

void json_cursor_place(const struct json_source *source, size_t offset, int64_t *line, int64_t *column)
{
    *line = source->line;
    *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (source->bytes[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)source->bytes[i] & 0xc0) != 0x80) { /* bytes that continue a character add none */
            ++*column;
        }
    }
}

enum status json_cursor_fail(const struct json_cursor *cursor, size_t offset, const char *what)
{
    int64_t line, column;
    json_cursor_place(cursor->source, offset, &line, &column);
    return fail(cursor->bad, "%s: line %lld, column %lld: %s", cursor->source->name, (long long)line, (long long)column,
                what);
}

/* "expected WHAT, found the next character" */
enum status json_cursor_expected(const struct json_cursor *cursor, const char *what)
{
    struct text sentence;
    text_init(&sentence);
    text_add(&sentence, "expected %s, found ", what);
    if (cursor->at >= cursor->source->n) {
        text_add(&sentence, "the end of the text");
    } else {
        unsigned char byte = (unsigned char)cursor->source->bytes[cursor->at];
        text_add(&sentence, byte > 0x20 && byte < 0x7f ? "'%c'" : "the byte 0x%02x", byte);
    }
    enum status status = json_cursor_fail(cursor, cursor->at, sentence.bytes);
    text_clear(&sentence);
    return status;
}

void json_cursor_skip_space(struct json_cursor *cursor)
{
    for (int c = json_cursor_peek(cursor); c == ' ' || c == '\n' || c == '\t' || c == '\r';
         c = json_cursor_peek(cursor))
        cursor->at++;
}

bool json_cursor_word(struct json_cursor *cursor, const char *word)
{
    size_t n = strlen(word);
    if (cursor->source->n - cursor->at < n || memcmp(cursor->source->bytes + cursor->at, word, n) != 0)
        return false;
    cursor->at += n;
    return true;
}
