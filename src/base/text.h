/* A growing string. */
#ifndef ASSAY_BASE_TEXT_H
#define ASSAY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* owned; always ends in a zero byte that `length` does not count */
    size_t length;
    size_t capacity;
};

void text_init(struct text *text);
void text_clear(struct text *text);
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const void *bytes, size_t n);
/* Makes room for n more bytes, and no more than that: for large texts whose length is known.  @local */
void text_reserve(struct text *text, size_t n);
/* Adds `value` in JSON quotes, escaped; invalid UTF-8 was refused at the door.  @local */
void text_add_json_string(struct text *text, const char *value);
/* Takes the bytes out of `text` (caller owns them, memory_free) and leaves it empty. */
char *text_take(struct text *text);

/* Lower-case hex of n bytes into out[2n + 1], and back (false unless exactly 2n lower-case hex digits). */
void hex_encode(const uint8_t *bytes, size_t n, char *out);
bool hex_decode(const char *hex, uint8_t *bytes, size_t n);

/* Standard base64 with padding: encode appends to `text`; decode gives the number of bytes, or -1 unless `length`
 * characters are the one canonical encoding of at most `capacity` bytes. */
void base64_encode(struct text *text, const void *bytes, size_t n);
int64_t base64_decode(const char *base64, size_t length, uint8_t *bytes, size_t capacity);

/* Whether n bytes are valid UTF-8 (no surrogates, no overlong forms, no zero byte). */
bool utf8_is_valid(const char *bytes, size_t n);

/* 12,345,678 and 1.5 GiB style figures for people, into a caller's buffer, which is returned. */
char *figure_count(int64_t value, char out[32]);
/* "1 entry" or "12,345 entries": a count with the word for one or for many (at most 31 bytes). */
char *figure_things(int64_t n, const char *one, const char *many, char out[64]);
char *figure_bytes(double bytes, char out[32]);
char *figure_seconds(double seconds, char out[32]);

#endif
