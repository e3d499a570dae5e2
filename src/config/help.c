#include <string.h>

#include "config/config.h"
#include "config/field.h"

enum { WIDTH = 100, GAP = 2, INDENT = 2 };

/* Columns that n bytes of UTF-8 take (no wide characters in our own tables). */
static int columns(const char *bytes, size_t n)
{
    int count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return count;
}

/* Words of `from`, the first at column `at`, later lines starting at `margin`; ends the line. */
static void add_wrapped(const char *from, int at, int margin, struct text *text)
{
    bool at_start = true;
    while (*from) {
        size_t n = strcspn(from, " ");
        int wide = columns(from, n);
        if (!at_start && at + 1 + wide > WIDTH) {
            text_add(text, "\n%*s", margin, "");
            at = margin;
            at_start = true;
        }
        text_add(text, at_start ? "" : " ");
        text_add_bytes(text, from, n);
        at += wide + !at_start;
        at_start = false;
        from += n + strspn(from + n, " ");
    }
    text_add(text, "\n");
}

static void add_field(const struct field *field, int margin, struct text *text)
{
    struct text about;
    text_init(&about);
    field_add_expected(field, &about);
    if (field->fallback == NULL)
        text_add(&about, "; required");
    else if (field->fallback[0] == 0)
        text_add(&about, "; optional");
    else
        text_add(&about, "; default %s", field->fallback);
    if (field->scope == SCOPE_EXECUTION)
        text_add(&about, "; never changes a result");
    text_add(text, "%*s%-*s", INDENT, "", margin - INDENT, field->path);
    add_wrapped(about.bytes, margin, margin, text);
    text_add(text, "%*s", margin, "");
    add_wrapped(field->text, margin, margin, text);
    text_clear(&about);
}

void config_help(const struct section *section, struct text *text)
{
    size_t widest = 0;
    for (int i = 0; i < section->n_field; i++)
        if (strlen(section->fields[i].path) > widest)
            widest = strlen(section->fields[i].path);
    text_add(text, "\"%s\": ", section->name);
    add_wrapped(section->text, (int)strlen(section->name) + 4, INDENT, text);
    for (int i = 0; i < section->n_field; i++)
        add_field(&section->fields[i], INDENT + (int)widest + GAP, text);
}
