/* A place in a JSON text, and sentences that name it. */
#ifndef ASSAY_CONFIG_JSON_CURSOR_H
#define ASSAY_CONFIG_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* What is being read: `line` is the number of the first line of `bytes` in the file called `name`. */
struct json_source {
    const char *bytes;
    size_t n;
    const char *name;
    int64_t line;
};

struct json_cursor {
    const struct json_source *source;
    size_t at;       /* the next byte */
    enum status bad; /* the status of every failure */
};

/* Line and column of an offset, both from 1; columns count characters. */
void json_cursor_place(const struct json_source *source, size_t offset, int64_t *line, int64_t *column);

/* Fails with "NAME: line L, column C: WHAT", the place being that of `offset`. */
enum status json_cursor_fail(const struct json_cursor *cursor, size_t offset, const char *what);
/* The same of the next byte: "expected WHAT, found 'x'". */
enum status json_cursor_expected(const struct json_cursor *cursor, const char *what);

/* The next byte, or -1 at the end. */
static inline int json_cursor_peek(const struct json_cursor *cursor)
{
    return cursor->at < cursor->source->n ? (unsigned char)cursor->source->bytes[cursor->at] : -1;
}

/* Skips what JSON calls white space. */
void json_cursor_skip_space(struct json_cursor *cursor);
/* Skips `word` if it comes next. */
bool json_cursor_word(struct json_cursor *cursor, const char *word);

#endif
