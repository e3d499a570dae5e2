#include "diff/show.h"

#include <string.h>

/* Bytes of the character at `value`, 0 when it must not reach a terminal: C0, DEL, C1, or no UTF-8. */
static size_t harmless_bytes(const char *value)
{
    unsigned char first = (unsigned char)value[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f;
    size_t left = strnlen(value, 4);
    for (size_t n = 2; n <= left; n++)
        if (utf8_is_valid(value, n))
            return first == 0xc2 && (unsigned char)value[1] < 0xa0 ? 0 : n;
    return 0;
}

void show_text(struct text *out, const char *value, int columns)
{
    while (*value) {
        size_t n = harmless_bytes(value);
        int width = n > 0 ? 1 : 4, room = value[n > 0 ? n : 1] ? 1 : 0; /* for the … if there is more */
        if (columns < width + room) {
            text_add(out, "…");
            return;
        }
        if (n > 0)
            text_add_bytes(out, value, n);
        else
            text_add(out, "\\x%02x", (unsigned char)value[0]);
        value += n > 0 ? n : 1;
        columns -= width;
    }
}

bool show_next(struct section_lines *lines)
{
    return ++lines->n <= lines->most;
}

/* Characters, which for the texts of configs are columns. */
static int width_of(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

void show_pair(struct text *out, const char *what, const char *a, const char *b)
{
    enum { INDENT = 2, GAP = 2, BAR = 3, DEEP = 6 };
    struct text shown[3];
    const char *const parts[] = {what, a, b};
    for (int i = 0; i < 3; i++) {
        text_init(&shown[i]);
        show_text(&shown[i], parts[i], SHOWN_COLUMNS - DEEP);
    }
    int width = INDENT + GAP + BAR + width_of(shown[0].bytes) + width_of(shown[1].bytes) + width_of(shown[2].bytes);
    text_add(out, width <= SHOWN_COLUMNS ? "  %s  %s | %s\n" : "  %s\n    A %s\n    B %s\n", shown[0].bytes,
             shown[1].bytes, shown[2].bytes);
    for (int i = 0; i < 3; i++)
        text_clear(&shown[i]);
}
