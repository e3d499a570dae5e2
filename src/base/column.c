#include "base/column.h"

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

void text_add_column(struct text *text, const char *name, int width)
{
    int n = 0, shown = 0;
    for (const char *at = name; *at; at++)
        n += begins_character(*at);
    int head = n > width ? (width - 1) / 2 : n, tail = n > width ? width - 1 - head : 0, at_character = -1;
    for (; *name; name++) {
        unsigned char byte = (unsigned char)*name;
        at_character += begins_character(*name);
        if (at_character == head && begins_character(*name) && n > width) {
            text_add(text, "…");
            shown++;
        }
        if (at_character >= head && at_character < n - tail && n > width)
            continue;
        text_add(text, "%c", byte < 0x20 || byte == 0x7f ? '?' : byte);
        shown += begins_character(*name);
    }
    text_add(text, "%*s", width - shown, "");
}

void text_end_line(struct text *text)
{
    while (text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->length--;
    text_add(text, "\n");
}
