#include "base/cursor.h"

#include <string.h>

#include "base/text.h"

void cursor_init(struct cursor *cursor, const char *bytes, size_t n)
{
    *cursor = (struct cursor){.at = bytes, .end = bytes + n, .ok = true};
}

bool cursor_is_done(const struct cursor *cursor)
{
    return cursor->ok && cursor->at == cursor->end;
}

bool cursor_sees(const struct cursor *cursor, const char *text)
{
    size_t n = strlen(text);
    return cursor->ok && (size_t)(cursor->end - cursor->at) >= n && memcmp(cursor->at, text, n) == 0;
}

void cursor_literal(struct cursor *cursor, const char *text)
{
    cursor->ok = cursor_sees(cursor, text);
    if (cursor->ok)
        cursor->at += strlen(text);
}

void cursor_until(struct cursor *cursor, char stop, const char **bytes, size_t *n)
{
    *bytes = cursor->at;
    *n = 0;
    if (!cursor->ok)
        return;
    const char *found = memchr(cursor->at, stop, (size_t)(cursor->end - cursor->at));
    cursor->ok = found != NULL;
    if (!cursor->ok)
        return;
    *n = (size_t)(found - cursor->at);
    cursor->at = found + 1;
}

void cursor_integer(struct cursor *cursor, int64_t *value)
{
    const char *first = cursor->at;
    int64_t sum = 0;
    for (; cursor->ok && cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        int digit = *cursor->at - '0';
        cursor->ok = sum <= (INT64_MAX - digit) / 10;
        if (cursor->ok)
            sum = 10 * sum + digit;
    }
    int64_t n = cursor->at - first;
    cursor->ok = cursor->ok && n > 0 && (n == 1 || *first != '0');
    if (cursor->ok)
        *value = sum;
}

void cursor_hex(struct cursor *cursor, uint8_t *bytes, size_t n)
{
    char digits[129];
    cursor->ok = cursor->ok && 2 * n < sizeof digits && (size_t)(cursor->end - cursor->at) >= 2 * n;
    if (!cursor->ok)
        return;
    memcpy(digits, cursor->at, 2 * n);
    digits[2 * n] = 0;
    cursor->ok = hex_decode(digits, bytes, n);
    cursor->at += 2 * n;
}

bool is_plain_line(const char *bytes, size_t n)
{
    if (!utf8_is_valid(bytes, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x20 || byte == 0x7f)
            return false;
        if (byte == 0xc2 && i + 1 < n && (unsigned char)bytes[i + 1] < 0xa0) /* U+0080 to U+009F */
            return false;
    }
    return true;
}

bool parse_integer(const char *bytes, size_t n, int64_t *value)
{
    struct cursor cursor;
    int64_t found = 0;
    cursor_init(&cursor, bytes, n);
    cursor_integer(&cursor, &found);
    if (!cursor_is_done(&cursor))
        return false;
    *value = found;
    return true;
}
