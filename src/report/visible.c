#include "report/visible.h"

#include <string.h>

/* Characters that are not seen, or that move others: control characters of both sets, format and bidirectional marks,
 * separators of lines, fillers, tags.  @source Unicode 15, categories Cc, Cf, Zl, Zp; default ignorable fillers */
static const struct {
    uint32_t first, last;
} odd[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},       {0xad, 0xad},       {0x034f, 0x034f},   {0x0600, 0x0605},
    {0x061c, 0x061c}, {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x08e2, 0x08e2},   {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x2800, 0x2800}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static bool code_is_odd(uint32_t code)
{
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (code >= odd[i].first && code <= odd[i].last)
            return true;
    return false;
}

/* Bytes of the UTF-8 character at `at`, and its code; 0 where there is none. */
static int decode(const unsigned char *at, uint32_t *code)
{
    int n = at[0] < 0x80 ? 1 : (at[0] & 0xe0) == 0xc0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : (at[0] & 0xf8) == 0xf0 ? 4 : 0;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (n == 0)
        return 0;
    *code = n == 1 ? at[0] : at[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) /* the end of the string is caught here too */
            return 0;
        *code = *code << 6 | (at[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < smallest[n] || *code > 0x10ffff || surrogate ? 0 : n;
}

bool glyph_next(const char **at, struct glyph *glyph)
{
    if (**at == 0)
        return false;
    uint32_t code = 0;
    int n = decode((const unsigned char *)*at, &code);
    *glyph = (struct glyph){.bytes = *at, .n = n > 0 ? n : 1, .is_byte = n == 0};
    glyph->code = n > 0 ? code : (unsigned char)**at;
    glyph->is_odd = n == 0 || code_is_odd(code);
    *at += glyph->n;
    return true;
}

void glyph_name(const struct glyph *glyph, struct text *out)
{
    text_add(out, glyph->is_byte || glyph->code < 0x80 ? "\\x%02x" : "\\u{%04x}", (unsigned)glyph->code);
}

void visible_walk(const char *value, int most, void (*add)(const struct glyph *glyph, struct text *out),
                  struct text *out)
{
    struct glyph glyph;
    int64_t n = 0, at = 0;
    for (const char *from = value; glyph_next(&from, &glyph);)
        n++;
    int64_t head = most > 0 && n > most ? (most - 1) / 2 : n, tail = most > 0 && n > most ? most - 1 - head : 0;
    for (const char *from = value; glyph_next(&from, &glyph); at++) {
        if (at == head && n > head)
            add(NULL, out);
        if (at < head || at >= n - tail)
            add(&glyph, out);
    }
}

static void add_plain(const struct glyph *glyph, struct text *out)
{
    if (glyph == NULL)
        text_add(out, "…");
    else if (glyph->is_odd)
        glyph_name(glyph, out);
    else
        text_add_bytes(out, glyph->bytes, (size_t)glyph->n);
}

void text_add_visible(struct text *out, const char *value, int most)
{
    visible_walk(value, most, add_plain, out);
}
