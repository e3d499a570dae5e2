#include <math.h>
#include <string.h>

#include "config/json.h"
#include "report/html.h"
#include "report/plot.h"
#include "report/render.h"

enum { LONGEST_NAME = 56, SHORT_NAME = 20, MOST_POINTS = 60 };

struct html {
    struct text *out;
    struct report_outcome *outcome;
    const struct block *block;
    bool no_gnuplot; /* it is not there, or does not answer: not asked again */
};

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

/* What leads from a figure to the dataset that it is of. */
static void add_source(struct text *out, const struct span *span)
{
    if (span->kind == SPAN_NUMBER && isfinite(span->value)) {
        text_add(out, " data-value=\"");
        json_add_number(out, span->value);
        text_add(out, "\"");
    }
    if (span->source.file == NULL)
        return;
    const char *how = span->source.how; /* our own words */
    struct text object;
    text_init(&object);
    source_add_object(&object, &span->source);
    text_add(out, " data-source=\"");
    html_add_attribute(out, object.bytes);
    text_add(out, "\"%s%s%s title=\"", how ? " data-how=\"" : "", how ? how : "", how ? "\"" : "");
    if (how != NULL)
        text_add(out, "%s of ", how);
    html_add_attribute(out, object.bytes);
    text_add(out, "\"");
    text_clear(&object);
}

/* A minus sign is as wide as a plus sign. */
static void add_number(struct text *out, const char *number)
{
    bool negative = number[0] == '-';
    text_add(out, "%s", negative ? "−" : "");
    html_add_words(out, number + negative);
}

static void add_inside(struct text *out, const struct span *span)
{
    if (span->kind == SPAN_NUMBER) {
        add_number(out, span->text);
    } else if (span->kind == SPAN_NAME) {
        text_add(out, "<bdi%s>",
                 span->is_whole                     ? " class=\"whole\""
                 : strlen(span->text) <= SHORT_NAME ? " class=\"short\""
                                                    : "");
        html_add_name(out, span->text, span->is_whole ? 0 : LONGEST_NAME);
        text_add(out, "</bdi>");
    } else {
        html_add_words(out, span->text);
    }
}

static void add_span(struct text *out, const struct span *span)
{
    static const char *const tags[] = {[SPAN_WORDS] = NULL,
                                       [SPAN_STRONG] = "strong",
                                       [SPAN_CODE] = "code",
                                       [SPAN_NAME] = "span class=\"name\"",
                                       [SPAN_NUMBER] = "span class=\"number\""};
    const char *tag = tags[span->kind];
    if (tag != NULL) {
        text_add(out, "<%s", tag);
        add_source(out, span);
        text_add(out, ">");
    }
    add_inside(out, span);
    if (tag != NULL)
        text_add(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

static void add_sources(struct html *html)
{
    struct text line;
    text_init(&line);
    sources_add(&line, html->block);
    if (line.length > 0) {
        text_add(html->out, "<p class=\"source\">");
        html_add_words(html->out, line.bytes);
        text_add(html->out, "</p>\n");
    }
    text_clear(&line);
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

static void add_heading(struct html *html)
{
    const struct block *block = html->block;
    text_add(html->out, "<h%d", block->level);
    if (block->anchor != NULL)
        text_add(html->out, " id=\"%s\"", block->anchor);
    text_add(html->out, "><bdi>");
    html_add_words(html->out, block->title);
    text_add(html->out, "</bdi></h%d>\n", block->level);
}

static void add_paragraph(struct html *html)
{
    static const char *const classes[] = {[TONE_PLAIN] = "",
                                          [TONE_LEAD] = " class=\"lead\"",
                                          [TONE_NOTE] = " class=\"note\"",
                                          [TONE_WARNING] = " class=\"warning\" role=\"note\"",
                                          [TONE_GOOD] = " class=\"good\""};
    text_add(html->out, "<p%s>", classes[html->block->tone]);
    for (int64_t i = 0; i < html->block->n_span; i++)
        add_span(html->out, &html->block->spans[i]);
    text_add(html->out, "</p>\n");
    add_sources(html);
}

static void add_commands(struct html *html)
{
    text_add(html->out, "<pre>");
    for (int64_t i = 0; i < html->block->n_span; i++) {
        html_add_words(html->out, html->block->spans[i].text);
        text_add(html->out, "\n");
    }
    text_add(html->out, "</pre>\n");
}

static void add_figures(struct html *html)
{
    text_add(html->out, "<dl class=\"figures\">\n");
    for (int64_t i = 0; i + 1 < html->block->n_span; i += 2) {
        const struct span *number = &html->block->spans[i + 1];
        text_add(html->out, "<div><dt>");
        html_add_words(html->out, html->block->spans[i].text);
        text_add(html->out, "</dt><dd");
        add_source(html->out, number);
        text_add(html->out, ">");
        add_inside(html->out, number);
        text_add(html->out, "</dd></div>\n");
    }
    text_add(html->out, "</dl>\n");
    add_sources(html);
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

/* The largest magnitude of a column, and whether it has negative numbers. */
static double column_extent(const struct block *block, int column, bool *negative)
{
    double most = 0;
    *negative = false;
    for (int64_t i = column; i < block->n_span; i += block->n_column)
        if (block->spans[i].kind == SPAN_NUMBER && isfinite(block->spans[i].value)) {
            most = fabs(block->spans[i].value) > most ? fabs(block->spans[i].value) : most;
            *negative = *negative || block->spans[i].value < 0;
        }
    return most;
}

/* Positive is solid, to the right; negative is hatched, to the left. */
static void add_bar(struct text *out, const struct span *span, double most, bool negative)
{
    double length = most > 0 && span->kind == SPAN_NUMBER && isfinite(span->value) ? fabs(span->value) / most : 0;
    double zero = negative ? 50 : 0, room = negative ? 49 : 99;
    double from = span->value < 0 ? zero - room * length : zero;
    text_add(out,
             "<td class=\"bar\"><svg viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
             "<rect class=\"%s\" x=\"%.1f\" y=\"1.5\" width=\"%.1f\" height=\"9\"/><path d=\"M%.1f 0V12\"/></svg></td>",
             span->value < 0 ? "less" : "more", from, room * length, zero + 0.3);
}

static void add_table_head(struct html *html)
{
    const struct block *block = html->block;
    text_add(html->out, "<thead><tr>");
    for (int c = 0; c < block->n_column; c++) {
        const struct column *column = &block->columns[c];
        text_add(html->out, "<th scope=\"col\"%s%s>", column->has_bar ? " colspan=\"2\"" : "",
                 column->is_number ? " class=\"number\"" : "");
        html_add_words(html->out, column->heading);
        text_add(html->out, "</th>");
    }
    text_add(html->out, "</tr></thead>\n<tbody>\n");
}

static void add_row(struct html *html, const struct span *cells)
{
    const struct block *block = html->block;
    text_add(html->out, "<tr>");
    for (int c = 0; c < block->n_column; c++) {
        text_add(html->out, "<td%s", block->columns[c].is_number ? " class=\"number\"" : "");
        add_source(html->out, &cells[c]);
        text_add(html->out, ">");
        add_inside(html->out, &cells[c]);
        text_add(html->out, "</td>");
        if (block->columns[c].has_bar) {
            bool negative;
            double most = column_extent(block, c, &negative);
            add_bar(html->out, &cells[c], most, negative);
        }
    }
    text_add(html->out, "</tr>\n");
}

static void add_table(struct html *html)
{
    const struct block *block = html->block;
    text_add(html->out, "<figure class=\"table\"><div class=\"scroll\" tabindex=\"0\"><table>\n");
    if (block->title[0]) {
        text_add(html->out, "<caption><bdi>");
        html_add_words(html->out, block->title);
        text_add(html->out, "</bdi></caption>\n");
    }
    add_table_head(html);
    for (int64_t i = 0; i + block->n_column <= block->n_span; i += block->n_column)
        add_row(html, block->spans + i);
    text_add(html->out, "</tbody></table></div>\n");
    add_sources(html);
    text_add(html->out, "</figure>\n");
}

/* ---- charts ----------------------------------------------------------------------------------------------------- */

static void add_points(struct html *html, const struct chart *chart)
{
    text_add(html->out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">curve</th>"
                        "<th scope=\"col\" class=\"number\">");
    html_add_words(html->out, chart->x_label);
    text_add(html->out, "</th><th scope=\"col\" class=\"number\">");
    html_add_words(html->out, chart->y_label);
    text_add(html->out, "</th></tr></thead><tbody>\n");
    for (int s = 0; s < chart->n_series; s++)
        for (int64_t i = 0; i < chart->series[s].n && i < MOST_POINTS; i++) {
            const struct series *series = &chart->series[s];
            char x[48], y[48];
            text_add(html->out, "<tr><td><bdi>");
            html_add_name(html->out, i == 0 ? series->name : "", LONGEST_NAME);
            text_add(html->out, "</bdi></td><td class=\"number\"><bdi>");
            if (chart->x_names != NULL && series->x[i] >= 0 && series->x[i] < (double)chart->n_name)
                html_add_name(html->out, chart->x_names[(int64_t)series->x[i]], LONGEST_NAME);
            else
                add_number(html->out, form_number(series->x[i], chart->counts_x ? FORM_COUNT : FORM_PLAIN, x));
            text_add(html->out, "</bdi></td><td class=\"number\">");
            add_number(html->out, form_number(series->y[i], FORM_PLAIN, y));
            text_add(html->out, "</td></tr>\n");
        }
    text_add(html->out, "</tbody></table></div>\n");
}

static void add_chart(struct html *html)
{
    const struct chart *chart = &html->block->chart;
    struct report_outcome *outcome = html->outcome;
    outcome->n_chart++;
    text_add(html->out, "<figure class=\"chart\">\n");
    bool drawn = false;
    if (!html->no_gnuplot) {
        enum child_end end = plot_chart(chart, outcome->n_chart, html->out, outcome->plot_trouble);
        drawn = end == CHILD_DONE;
        html->no_gnuplot = end == CHILD_ABSENT || end == CHILD_TOO_LATE;
    }
    outcome->n_plot += drawn;
    text_add(html->out, "<figcaption><bdi>");
    html_add_words(html->out, chart->title);
    text_add(html->out, "</bdi>");
    if (!drawn) {
        text_add(html->out, " <em>Not drawn: ");
        html_add_words(html->out, outcome->plot_trouble);
        text_add(html->out, ". These are its numbers; with gnuplot on the PATH (Debian: gnuplot-nox) "
                            "<code>assay report</code> draws it.</em>");
    }
    text_add(html->out, "</figcaption>\n");
    if (!drawn)
        add_points(html, chart);
    add_sources(html);
    text_add(html->out, "</figure>\n");
}

/* ---- the page --------------------------------------------------------------------------------------------------- */

static void add_block(struct html *html)
{
    static void (*const writers[])(struct html *) = {
        [BLOCK_HEADING] = add_heading, [BLOCK_PARAGRAPH] = add_paragraph, [BLOCK_COMMANDS] = add_commands,
        [BLOCK_TABLE] = add_table,     [BLOCK_FIGURES] = add_figures,     [BLOCK_CHART] = add_chart};
    writers[html->block->kind](html);
}

static void add_contents(const struct content *content, struct text *out)
{
    text_add(out, "<nav aria-label=\"Contents\"><ol>\n");
    for (int64_t i = 0; i < content->n_block; i++) {
        const struct block *block = &content->blocks[i];
        if (block->kind != BLOCK_HEADING || block->level != 2 || block->anchor == NULL)
            continue;
        text_add(out, "<li><a href=\"#%s\">", block->anchor);
        html_add_words(out, block->title);
        text_add(out, "</a></li>\n");
    }
    text_add(out, "</ol></nav>\n");
}

void render_html(const struct content *content, const char *title, struct text *out, struct report_outcome *outcome)
{
    struct html html = {.out = out, .outcome = outcome};
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                  "'unsafe-inline'\">\n<meta name=\"generator\" content=\"assay " ASSAY_VERSION "\">\n<title>");
    html_add_words(out, title);
    text_add(out, "</title>\n<style>\n");
    for (const char *const *line = page_style; *line != NULL; line++)
        text_add(out, "%s", *line);
    text_add(out, "</style>\n</head>\n<body>\n");
    text_add(out, "<svg class=\"hidden\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" "
                  "width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                  "<rect width=\"5\" height=\"5\" fill=\"#fff\"/><rect width=\"2.6\" height=\"5\" fill=\"#d55e00\"/>"
                  "</pattern></defs></svg>\n<main>\n");
    bool has_contents = false;
    for (int64_t i = 0; i < content->n_block; i++) {
        html.block = &content->blocks[i];
        if (!has_contents && html.block->kind == BLOCK_HEADING && html.block->level == 2) {
            add_contents(content, out);
            has_contents = true;
        }
        add_block(&html);
    }
    text_add(out, "</main>\n</body>\n</html>\n");
}
