#include "query/plain.h"

#include <stdbool.h>

int64_t utf8_take(const char *bytes, int64_t n, int32_t *code)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)*bytes;
    int64_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    *code = -1;
    if (length == 0 || length > n || first > 0xf4)
        return 1;
    int32_t value = length == 1 ? first : first & (0x7f >> length);
    for (int64_t i = 1; i < length; i++) {
        if (((unsigned char)bytes[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | ((unsigned char)bytes[i] & 0x3f);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 1;
    *code = value;
    return length;
}

/* Nothing that a terminal obeys, or that hides or turns what stands beside it.
 * @source Unicode 15: categories Cc, Cf, Zl, Zp; Unicode Technical Report 36 */
static bool is_harmless(int32_t code)
{
    static const struct {
        int32_t first, last;
    } harmful[] = {{-1, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},      {0x61c, 0x61c},   {0x180e, 0x180e},
                   {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},  {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
                   {0xfff9, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++)
        if (code >= harmful[i].first && code <= harmful[i].last)
            return false;
    return true;
}

void plain_add(struct text *text, const char *bytes, int64_t n)
{
    for (int64_t at = 0, length; at < n; at += length) {
        int32_t code;
        length = utf8_take(bytes + at, n - at, &code);
        if (is_harmless(code))
            text_add_bytes(text, bytes + at, (size_t)length);
        else
            text_add_bytes(text, "?", 1);
    }
}

void plain_add_json(struct text *text, const char *bytes, int64_t n)
{
    text_add_bytes(text, "\"", 1);
    for (int64_t at = 0, length; at < n; at += length) {
        int32_t code;
        length = utf8_take(bytes + at, n - at, &code);
        if (code < 0)
            text_add(text, "\\ufffd");
        else if (code == '"' || code == '\\')
            text_add(text, "\\%c", (char)code);
        else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            text_add(text, "\\u%04x", (unsigned)code);
        else
            text_add_bytes(text, bytes + at, (size_t)length);
    }
    text_add_bytes(text, "\"", 1);
}
