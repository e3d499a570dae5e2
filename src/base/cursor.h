/* Strict reading of small texts: take what must be there, piece by piece, and ask once at the end whether all was. */
#ifndef ASSAY_BASE_CURSOR_H
#define ASSAY_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const char *at, *end; /* borrowed */
    bool ok;              /* false from the first thing that was not as expected; then nothing more is taken */
};

void cursor_init(struct cursor *cursor, const char *bytes, size_t n);
/* Whether nothing went wrong and every byte was taken. */
bool cursor_is_done(const struct cursor *cursor);
/* Whether the next bytes are `text`; takes nothing. */
bool cursor_sees(const struct cursor *cursor, const char *text);
void cursor_literal(struct cursor *cursor, const char *text);
/* All bytes up to the next `stop`, which is taken too but not counted. */
void cursor_until(struct cursor *cursor, char stop, const char **bytes, size_t *n);
/* A decimal integer 0 … 2^63 − 1 without sign or leading zeros. */
void cursor_integer(struct cursor *cursor, int64_t *value);
/* 2n lower-case hex digits. */
void cursor_hex(struct cursor *cursor, uint8_t *bytes, size_t n);

/* Whether n bytes are a line of text: valid UTF-8 without control characters (C0, DEL, C1).  @local */
bool is_plain_line(const char *bytes, size_t n);
/* The integer that is the whole of a text.  @local */
bool parse_integer(const char *bytes, size_t n, int64_t *value);

#endif
