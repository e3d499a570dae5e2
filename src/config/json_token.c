#include "config/json_token.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Four hex digits at `at`, or -1. */
static int hex4(const struct json_cursor *cursor, size_t at)
{
    if (cursor->source->n < 4 || at > cursor->source->n - 4)
        return -1;
    int value = 0;
    for (size_t i = at; i < at + 4; i++) {
        int c = (unsigned char)cursor->source->bytes[i], letter = c | 0x20;
        if (!is_digit(c) && !(letter >= 'a' && letter <= 'f'))
            return -1;
        value = value << 4 | (is_digit(c) ? c - '0' : letter - 'a' + 10);
    }
    return value;
}

/* After "\u". */
static enum status scan_unicode_escape(struct json_cursor *cursor)
{
    int unit = hex4(cursor, cursor->at);
    if (unit < 0)
        return json_cursor_fail(cursor, cursor->at - 2, "expected four hex digits after \\u");
    if (unit == 0)
        return json_cursor_fail(cursor, cursor->at - 2, "\\u0000 is not accepted: no text may hold a zero byte");
    cursor->at += 4;
    if (unit < 0xd800 || unit > 0xdfff)
        return STATUS_OK;
    const char *next = cursor->source->bytes + cursor->at;
    bool escape_follows = cursor->source->n - cursor->at >= 2 && next[0] == '\\' && next[1] == 'u';
    int low = escape_follows ? hex4(cursor, cursor->at + 2) : -1;
    if (unit >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
        return json_cursor_fail(cursor, cursor->at - 6, "half of a surrogate pair stands alone: it is no character");
    cursor->at += 6;
    return STATUS_OK;
}

/* At a byte of 0x80 or more. */
static enum status scan_utf8(struct json_cursor *cursor)
{
    size_t left = cursor->source->n - cursor->at;
    for (size_t length = 2; length <= 4 && length <= left; length++) {
        if (!utf8_is_valid(cursor->source->bytes + cursor->at, length))
            continue;
        cursor->at += length;
        return STATUS_OK;
    }
    return json_cursor_expected(cursor, "valid UTF-8");
}

/* At the opening quote. */
enum status json_token_string(struct json_cursor *cursor)
{
    cursor->at++;
    for (;;) {
        int c = json_cursor_peek(cursor);
        enum status status = STATUS_OK;
        if (c < 0x20)
            return json_cursor_expected(cursor,
                                        c < 0 ? "the string to end with '\"'"
                                              : "the string to go on (control characters are written as escapes)");
        if (c >= 0x80) {
            status = scan_utf8(cursor);
        } else if (c == '\\') {
            cursor->at++;
            int escape = json_cursor_peek(cursor);
            if (escape <= 0 || strchr("\"\\/bfnrtu", escape) == NULL)
                return json_cursor_expected(cursor, "one of \" \\ / b f n r t u after a backslash");
            cursor->at++;
            if (escape == 'u')
                status = scan_unicode_escape(cursor);
        } else {
            cursor->at++;
            if (c == '"')
                return STATUS_OK;
        }
        if (status != STATUS_OK)
            return status;
    }
}

/* Whether the n characters, a number to the grammar, are too large for a double. */
static bool overflows(const char *number, size_t n)
{
    char copy[JSON_NUMBER_LENGTH + 1];
    memcpy(copy, number, n);
    copy[n] = 0;
    char *point = memchr(copy, '.', n);
    if (point != NULL)
        *point = localeconv()->decimal_point[0];
    return isinf(strtod(copy, NULL));
}

static enum status scan_digits(struct json_cursor *cursor)
{
    if (!is_digit(json_cursor_peek(cursor)))
        return json_cursor_expected(cursor, "a digit");
    while (is_digit(json_cursor_peek(cursor)))
        cursor->at++;
    return STATUS_OK;
}

/* At '-' or a digit. */
enum status json_token_number(struct json_cursor *cursor)
{
    size_t start = cursor->at;
    if (json_cursor_peek(cursor) == '-')
        cursor->at++;
    bool zero = json_cursor_peek(cursor) == '0', has_exponent = false;
    enum status status = scan_digits(cursor);
    if (status == STATUS_OK && zero && cursor->at - start > (cursor->source->bytes[start] == '-' ? 2U : 1U))
        return json_cursor_fail(cursor, start, "a number must not start with 0 (JSON knows no octal numbers)");
    if (status == STATUS_OK && json_cursor_peek(cursor) == '.') {
        cursor->at++;
        status = scan_digits(cursor);
    }
    if (status == STATUS_OK && (json_cursor_peek(cursor) | 0x20) == 'e') {
        has_exponent = true;
        cursor->at++;
        if (json_cursor_peek(cursor) == '+' || json_cursor_peek(cursor) == '-')
            cursor->at++;
        status = scan_digits(cursor);
    }
    size_t length = cursor->at - start;
    if (status == STATUS_OK && length > JSON_NUMBER_LENGTH)
        return json_cursor_fail(cursor, start, "the number is longer than 63 characters");
    if (status == STATUS_OK && has_exponent && overflows(cursor->source->bytes + start, length))
        return json_cursor_fail(cursor, start, "the number is too large for a double");
    return status;
}
