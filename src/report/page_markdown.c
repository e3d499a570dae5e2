#include <string.h>

#include "report/render.h"
#include "report/visible.h"

enum { LONGEST_NAME = 80 };

static void add_odd(const struct glyph *glyph, struct text *out)
{
    text_add(out, "\\");
    glyph_name(glyph, out);
}

/* Whatever could be taken for markup, or for an address to be linked, is escaped. */
static void add_glyph(const struct glyph *glyph, struct text *out)
{
    if (glyph == NULL)
        text_add(out, "…");
    else if (glyph->is_odd)
        add_odd(glyph, out);
    else if (glyph->code == '<')
        text_add(out, "&lt;");
    else if (glyph->code == '>')
        text_add(out, "&gt;");
    else if (glyph->code == '&')
        text_add(out, "&amp;");
    else if (glyph->code < 0x80 && strchr("\\`*_{}[]#|~!$:@.^\"", (int)glyph->code) != NULL)
        text_add(out, "\\%c", (char)glyph->code);
    else
        text_add_bytes(out, glyph->bytes, (size_t)glyph->n);
}

static void add_words_glyph(const struct glyph *glyph, struct text *out)
{
    if (glyph != NULL && !glyph->is_odd && glyph->code < 0x80 && strchr("|<>&*_`", (int)glyph->code) != NULL)
        add_glyph(glyph, out);
    else if (glyph != NULL && glyph->is_odd)
        add_odd(glyph, out);
    else if (glyph != NULL)
        text_add_bytes(out, glyph->bytes, (size_t)glyph->n);
}

static void add_name(struct text *out, const char *name)
{
    visible_walk(name, LONGEST_NAME, add_glyph, out);
}

static void add_words(struct text *out, const char *words)
{
    visible_walk(words, 0, add_words_glyph, out);
}

/* Between more backquotes than the code has in a row. */
static void add_code(struct text *out, const char *code)
{
    size_t most = 0;
    for (const char *at = code; *at; at++) {
        size_t n = strspn(at, "`");
        most = n > most ? n : most;
    }
    struct text fence;
    text_init(&fence);
    for (size_t i = 0; i <= most; i++)
        text_add(&fence, "`");
    text_add(out, "%s%s", fence.bytes, most > 0 ? " " : "");
    text_add_visible(out, code, 0);
    text_add(out, "%s%s", most > 0 ? " " : "", fence.bytes);
    text_clear(&fence);
}

static void add_span(struct text *out, const struct span *span)
{
    switch (span->kind) {
        case SPAN_WORDS:
        case SPAN_NUMBER:
            add_words(out, span->text);
            break;
        case SPAN_STRONG:
            text_add(out, "**");
            add_words(out, span->text);
            text_add(out, "**");
            break;
        case SPAN_CODE:
            add_code(out, span->text);
            break;
        case SPAN_NAME:
            visible_walk(span->text, span->is_whole ? 0 : LONGEST_NAME, add_glyph, out);
            break;
    }
}

static void add_sources(struct text *out, const struct block *block)
{
    struct text line;
    text_init(&line);
    sources_add(&line, block);
    if (line.length > 0) {
        text_add(out, "\n<sub>");
        visible_walk(line.bytes, 0, add_glyph, out);
        text_add(out, "</sub>\n");
    }
    text_clear(&line);
}

static void add_heading(struct text *out, const struct block *block)
{
    text_add(out, "%.*s ", block->level, "######");
    add_name(out, block->title);
    text_add(out, "\n");
}

static void add_paragraph(struct text *out, const struct block *block)
{
    static const char *const marks[] = {[TONE_WARNING] = "> **Warning:** ", [TONE_GOOD] = "> "};
    bool marked = block->tone == TONE_WARNING || block->tone == TONE_GOOD;
    text_add(out, "%s", marked ? marks[block->tone] : "");
    for (int64_t i = 0; i < block->n_span; i++)
        add_span(out, &block->spans[i]);
    text_add(out, "\n");
    add_sources(out, block);
}

static void add_commands(struct text *out, const struct block *block)
{
    for (int64_t i = 0; i < block->n_span; i++) {
        text_add(out, "    ");
        text_add_visible(out, block->spans[i].text, 0);
        text_add(out, "\n");
    }
}

static void add_figures(struct text *out, const struct block *block)
{
    for (int64_t i = 0; i + 1 < block->n_span; i += 2) {
        text_add(out, "- ");
        add_words(out, block->spans[i].text);
        text_add(out, ": ");
        add_span(out, &block->spans[i + 1]);
        text_add(out, "\n");
    }
    add_sources(out, block);
}

static void add_table(struct text *out, const struct block *block)
{
    if (block->title[0]) {
        text_add(out, "**");
        add_name(out, block->title);
        text_add(out, "**\n\n");
    }
    for (int c = 0; c < block->n_column; c++) {
        text_add(out, "| ");
        add_words(out, block->columns[c].heading);
        text_add(out, c + 1 < block->n_column ? " " : " |\n");
    }
    for (int c = 0; c < block->n_column; c++)
        text_add(out, "|%s%s", block->columns[c].is_number ? "---:" : "---", c + 1 < block->n_column ? "" : "|\n");
    for (int64_t i = 0; i + block->n_column <= block->n_span; i += block->n_column)
        for (int c = 0; c < block->n_column; c++) {
            text_add(out, "| ");
            add_span(out, &block->spans[i + c]);
            text_add(out, c + 1 < block->n_column ? " " : " |\n");
        }
    add_sources(out, block);
}

static void add_chart(struct text *out, const struct block *block)
{
    enum { MOST_POINTS = 60 };
    const struct chart *chart = &block->chart;
    text_add(out, "**");
    add_name(out, chart->title);
    text_add(out, "**\n\n| curve | ");
    add_words(out, chart->x_label);
    text_add(out, " | ");
    add_words(out, chart->y_label);
    text_add(out, " |\n|---|---:|---:|\n");
    for (int s = 0; s < chart->n_series; s++)
        for (int64_t i = 0; i < chart->series[s].n && i < MOST_POINTS; i++) {
            const struct series *series = &chart->series[s];
            char x[48], y[48];
            text_add(out, "| ");
            add_name(out, series->name);
            text_add(out, " | ");
            if (chart->x_names != NULL && series->x[i] >= 0 && series->x[i] < (double)chart->n_name)
                add_name(out, chart->x_names[(int64_t)series->x[i]]);
            else
                text_add(out, "%s", form_number(series->x[i], FORM_PLAIN, x));
            text_add(out, " | %s |\n", form_number(series->y[i], FORM_PLAIN, y));
        }
    add_sources(out, block);
}

void render_markdown(const struct content *content, struct text *out)
{
    static void (*const writers[])(struct text *, const struct block *) = {
        [BLOCK_HEADING] = add_heading, [BLOCK_PARAGRAPH] = add_paragraph, [BLOCK_COMMANDS] = add_commands,
        [BLOCK_TABLE] = add_table,     [BLOCK_FIGURES] = add_figures,     [BLOCK_CHART] = add_chart};
    for (int64_t i = 0; i < content->n_block; i++) {
        text_add(out, "%s", i > 0 ? "\n" : "");
        writers[content->blocks[i].kind](out, &content->blocks[i]);
    }
}
