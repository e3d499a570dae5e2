#include "report/html.h"

static void add_glyph(const struct glyph *glyph, struct text *out)
{
    if (glyph == NULL)
        text_add(out, "…");
    else if (glyph->is_odd)
        glyph_name(glyph, out);
    else if (glyph->code == '&')
        text_add(out, "&amp;");
    else if (glyph->code == '<')
        text_add(out, "&lt;");
    else if (glyph->code == '>')
        text_add(out, "&gt;");
    else if (glyph->code == '"')
        text_add(out, "&quot;");
    else if (glyph->code == '\'')
        text_add(out, "&#39;");
    else
        text_add_bytes(out, glyph->bytes, (size_t)glyph->n);
}

void html_add_name(struct text *out, const char *value, int most)
{
    visible_walk(value, most, add_glyph, out);
}

void html_add_words(struct text *out, const char *words)
{
    visible_walk(words, 0, add_glyph, out);
}

void html_add_attribute(struct text *out, const char *value)
{
    enum { LONGEST = 400 };
    visible_walk(value, LONGEST, add_glyph, out);
}
