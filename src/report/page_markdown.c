#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "report/render.h"
#include "report/visible.h"

enum { LONGEST_NAME = 80 };

/* ---- escapes: of what would change how the page is rendered, and of nothing else ----------------------------------
 */

/* &amp; or &#38; */
static bool is_entity(const char *at)
{
    size_t n = strspn(at + 1, "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n > 0 && at[1 + n] == ';';
}

/* The colon of an address, or of a picture's name, :tada: */
static bool is_colon_of_markup(const char *at)
{
    size_t n = strspn(at + 1, "+-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return strncmp(at + 1, "//", 2) == 0 || (n > 0 && at[1 + n] == ':');
}

/* Letters, and the bytes of those beyond ASCII, between which an underscore is itself. */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Whether byte i of a text could be taken for markup, or for part of an address to be linked.  A text stands nowhere at
 * the beginning of a line, and after it no bracket is opened. */
static bool is_markup(const char *text, size_t i)
{
    const char *at = text + i;
    char before = ' ';
    if (i > 0)
        before = text[i - 1];
    switch (*at) {
        case '\\':
        case '`':
        case '|':
        case '~':
        case '$':
            return true;
        case '*':
            return before != ' ' || at[1] != ' ';
        case '_':
            return !is_word(before) || !is_word(at[1]);
        case '#':
            return before == ' ' || before == '#';
        case '[':
            return at[1] == '^';
        case ']':
            return at[1] != 0 && strchr("([:", at[1]) != NULL;
        case '<':
            return isalpha((unsigned char)at[1]) || (at[1] != 0 && strchr("/!?", at[1]) != NULL);
        case '&':
            return is_entity(at);
        case ':':
            return is_colon_of_markup(at);
        case '@':
            return is_word(at[1]);
        case '.':
            return i >= 3 && strncasecmp(at - 3, "www", 3) == 0;
        default:
            return false;
    }
}

/* Of more than `most` characters (0: no limit) the middle is left out. */
static void add_shown(struct text *out, const char *value, int most)
{
    struct text shown;
    text_init(&shown);
    text_add_visible(&shown, value, most);
    for (size_t i = 0; i < shown.length; i++) {
        char c = shown.bytes[i];
        if (!is_markup(shown.bytes, i))
            text_add_bytes(out, &c, 1);
        else if (c == '<' || c == '&') /* what follows must not look like a tag to anyone */
            text_add(out, c == '<' ? "&lt;" : "&amp;");
        else
            text_add(out, "\\%c", c);
    }
    text_clear(&shown);
}

static void add_name(struct text *out, const char *name)
{
    add_shown(out, name, LONGEST_NAME);
}

static void add_words(struct text *out, const char *words)
{
    add_shown(out, words, 0);
}

/* Stars work only close to the words that they are about. */
static void add_strong(struct text *out, const char *words)
{
    int blank = (int)strspn(words, " "), n = (int)strlen(words);
    int end = n;
    while (end > blank && words[end - 1] == ' ')
        end--;
    struct text core;
    text_init(&core);
    text_add(&core, "%.*s", end - blank, words + blank);
    if (core.length > 0) {
        text_add(out, "**");
        add_words(out, core.bytes);
        text_add(out, "**");
    }
    text_add(out, "%s", words + end);
    text_clear(&core);
}

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

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
            add_strong(out, span->text);
            break;
        case SPAN_CODE:
            add_code(out, span->text);
            break;
        case SPAN_NAME:
            add_shown(out, span->text, span->is_whole ? 0 : LONGEST_NAME);
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
        add_words(out, line.bytes);
        text_add(out, "</sub>\n");
    }
    text_clear(&line);
}

static void add_heading(struct text *out, const struct block *block)
{
    text_add(out, "%.*s ", block->level, "######");
    add_words(out, block->title);
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
        add_strong(out, block->title);
        text_add(out, "\n\n");
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
    add_strong(out, chart->title);
    text_add(out, "\n\n| curve | ");
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
                text_add(out, "%s", form_number(series->x[i], chart->counts_x ? FORM_COUNT : FORM_PLAIN, x));
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
