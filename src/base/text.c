#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

void text_init(struct text *text)
{
    *text = (struct text){.bytes = memory_allocate(64, 1), .capacity = 64};
}

void text_clear(struct text *text)
{
    memory_free(text->bytes);
    *text = (struct text){0};
}

static void set_capacity(struct text *text, size_t capacity)
{
    text->bytes = memory_resize(text->bytes, (int64_t)text->length + 1, (int64_t)capacity, 1);
    text->capacity = capacity;
}

static void make_room(struct text *text, size_t n)
{
    if (text->length + n + 1 > text->capacity)
        set_capacity(text, 2 * (text->length + n + 1));
}

void text_reserve(struct text *text, size_t n)
{
    if (text->length + n + 1 > text->capacity)
        set_capacity(text, text->length + n + 1);
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    ASSERT(n >= 0);
    make_room(text, (size_t)n);
    vsnprintf(text->bytes + text->length, (size_t)n + 1, format, again);
    va_end(again);
    text->length += (size_t)n;
}

void text_add_bytes(struct text *text, const void *bytes, size_t n)
{
    make_room(text, n);
    memcpy(text->bytes + text->length, bytes, n);
    text->length += n;
    text->bytes[text->length] = 0;
}

void text_add_json_string(struct text *text, const char *value)
{
    text_add_bytes(text, "\"", 1);
    for (; *value; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte == '"' || byte == '\\')
            text_add(text, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            text_add(text, "\\u%04x", byte);
        else
            text_add_bytes(text, value, 1);
    }
    text_add_bytes(text, "\"", 1);
}

char *text_take(struct text *text)
{
    char *bytes = text->bytes;
    text_init(text);
    return bytes;
}

void hex_encode(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(const char *hex, uint8_t *bytes, size_t n)
{
    if (strlen(hex) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct text *text, const void *bytes, size_t n)
{
    const uint8_t *in = bytes;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        char quad[4] = {base64_digits[group >> 18], base64_digits[group >> 12 & 63],
                        left > 1 ? base64_digits[group >> 6 & 63] : '=', left > 2 ? base64_digits[group & 63] : '='};
        text_add_bytes(text, quad, 4);
    }
}

int64_t base64_decode(const char *base64, size_t length, uint8_t *bytes, size_t capacity)
{
    if (length % 4 != 0)
        return -1;
    size_t n = 0;
    for (size_t i = 0; i < length; i += 4) {
        int n_pad = i + 4 < length ? 0 : (base64[i + 3] == '=') + (base64[i + 3] == '=' && base64[i + 2] == '=');
        uint32_t group = 0;
        for (int k = 0; k < 4; k++) {
            const char *at = k >= 4 - n_pad ? base64_digits : memchr(base64_digits, base64[i + (size_t)k], 64);
            if (at == NULL)
                return -1;
            group = group << 6 | (uint32_t)(at - base64_digits);
        }
        if (group & ((1U << (8 * n_pad)) - 1)) /* bits beyond the last byte must be zero: one encoding only */
            return -1;
        for (int k = 0; k < 3 - n_pad; k++) {
            if (n == capacity)
                return -1;
            bytes[n++] = (uint8_t)(group >> (16 - 8 * k));
        }
    }
    return (int64_t)n;
}

/* Length of the valid UTF-8 sequence at `s` (at most n bytes), 0 if there is none. */
static size_t utf8_length(const uint8_t *s, size_t n)
{
    if (s[0] >= 1 && s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    if (length == 0 || length > n)
        return 0;
    for (size_t k = 1; k < length; k++)
        if ((s[k] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] > 0x9f;
    bool too_high = s[0] == 0xf4 && s[1] > 0x8f;
    return overlong || surrogate || too_high ? 0 : length;
}

bool utf8_is_valid(const char *bytes, size_t n)
{
    const uint8_t *s = (const uint8_t *)bytes;
    for (size_t i = 0; i < n;) {
        size_t length = utf8_length(s + i, n - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

char *figure_count(int64_t value, char out[32])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value), used = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = 0;
    return out;
}

char *figure_things(int64_t n, const char *one, const char *many, char out[64])
{
    char count[32];
    snprintf(out, 64, "%s %s", figure_count(n, count), n == 1 ? one : many);
    return out;
}

char *figure_bytes(double bytes, char out[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    int unit = 0;
    for (; bytes >= 1024 && unit < 6; unit++)
        bytes /= 1024;
    snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return out;
}

char *figure_seconds(double seconds, char out[32])
{
    if (!(seconds < 1e9))
        snprintf(out, 32, "?");
    else if (seconds < 60)
        snprintf(out, 32, "%.1f s", seconds);
    else if (seconds < 3600)
        snprintf(out, 32, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(out, 32, "%lld h %02d min", (long long)(seconds / 3600), (int)(seconds / 60) % 60);
    return out;
}
