#include "report/content.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

void content_init(struct content *content)
{
    *content = (struct content){0};
}

void content_clear(struct content *content)
{
    for (int64_t i = 0; i < content->n_block; i++)
        memory_free(content->blocks[i].spans);
    memory_free(content->blocks);
    for (int64_t i = 0; i < content->n_kept; i++)
        memory_free(content->kept[i]);
    memory_free(content->kept);
    *content = (struct content){0};
}

/* Makes room for one more in a list whose room is the next power of two. */
static void *grow(void *list, int64_t n, size_t size)
{
    if ((n & (n - 1)) != 0)
        return list;
    return memory_resize(list, n, n == 0 ? 1 : 2 * n, size);
}

void *content_keep(struct content *content, void *memory)
{
    content->kept = grow(content->kept, content->n_kept, sizeof *content->kept);
    content->kept[content->n_kept++] = memory;
    return memory;
}

const char *content_format_list(struct content *content, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = memory_allocate(n + 1, 1);
    vsnprintf(text, (size_t)n + 1, format, arguments);
    return content_keep(content, text);
}

const char *content_format(struct content *content, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = content_format_list(content, format, arguments);
    va_end(arguments);
    return text;
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

static struct block *add_block(struct content *content, struct block block)
{
    content->blocks = grow(content->blocks, content->n_block, sizeof *content->blocks);
    content->blocks[content->n_block] = block;
    return &content->blocks[content->n_block++];
}

static void add_span(struct content *content, struct span span)
{
    ASSERT(content->n_block > 0);
    struct block *block = &content->blocks[content->n_block - 1];
    block->spans = grow(block->spans, block->n_span, sizeof *block->spans);
    block->spans[block->n_span++] = span;
}

static const char *copy(struct content *content, const char *text)
{
    return content_keep(content, memory_copy_text(text));
}

void content_heading(struct content *content, int level, const char *anchor, const char *title)
{
    add_block(content,
              (struct block){.kind = BLOCK_HEADING, .level = level, .anchor = anchor, .title = copy(content, title)});
}

void content_paragraph(struct content *content, enum tone tone)
{
    add_block(content, (struct block){.kind = BLOCK_PARAGRAPH, .tone = tone});
}

void content_commands(struct content *content)
{
    add_block(content, (struct block){.kind = BLOCK_COMMANDS});
}

void content_table(struct content *content, const char *title, const struct column *columns, int n_column)
{
    add_block(
        content,
        (struct block){.kind = BLOCK_TABLE, .title = copy(content, title), .columns = columns, .n_column = n_column});
}

void content_figures(struct content *content)
{
    add_block(content, (struct block){.kind = BLOCK_FIGURES});
}

struct chart *content_chart(struct content *content, const char *title)
{
    struct block *block = add_block(content, (struct block){.kind = BLOCK_CHART});
    block->chart = (struct chart){.title = copy(content, title)};
    return &block->chart;
}

void chart_add(struct chart *chart, struct series series)
{
    if (chart->n_series < MOST_SERIES)
        chart->series[chart->n_series++] = series;
}

/* ---- words and numbers ------------------------------------------------------------------------------------------ */

void say(struct content *content, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = content_format_list(content, format, arguments);
    va_end(arguments);
    add_span(content, (struct span){.kind = SPAN_WORDS, .text = text});
}

void say_strong(struct content *content, const char *words)
{
    add_span(content, (struct span){.kind = SPAN_STRONG, .text = copy(content, words)});
}

void say_name(struct content *content, const char *name)
{
    cell_name(content, name, (struct source){0});
}

void say_code(struct content *content, const char *code)
{
    add_span(content, (struct span){.kind = SPAN_CODE, .text = copy(content, code)});
}

void say_number(struct content *content, double value, enum form form, struct source source)
{
    cell_number(content, value, form, source);
}

void cell_words(struct content *content, const char *words)
{
    add_span(content, (struct span){.kind = SPAN_WORDS, .text = copy(content, words)});
}

void cell_name(struct content *content, const char *name, struct source source)
{
    add_span(content, (struct span){.kind = SPAN_NAME, .text = copy(content, name), .source = source});
}

void cell_sentence(struct content *content, const char *sentence, struct source source)
{
    add_span(content,
             (struct span){.kind = SPAN_NAME, .text = copy(content, sentence), .is_whole = true, .source = source});
}

void cell_number(struct content *content, double value, enum form form, struct source source)
{
    char text[48];
    add_span(content, (struct span){.kind = SPAN_NUMBER,
                                    .text = copy(content, form_number(value, form, text)),
                                    .value = value,
                                    .source = source});
}

void figure_number(struct content *content, const char *label, double value, enum form form, struct source source)
{
    cell_words(content, label);
    cell_number(content, value, form, source);
}

enum form form_of_size(double value)
{
    return value == trunc(value) ? FORM_COUNT : FORM_PLAIN;
}

const char *plural(int64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

char *form_number(double value, enum form form, char out[48])
{
    char count[32];
    if (!isfinite(value))
        snprintf(out, 48, "%s", isnan(value) ? "—" : value > 0 ? "∞" : "-∞");
    else if ((form == FORM_COUNT || (form != FORM_SHARE && form != FORM_UNIT && fabs(value) >= 999.5)) &&
             fabs(value) < 9e15)
        snprintf(out, 48, "%s%s", form == FORM_SIGNED && value > 0 ? "+" : "",
                 figure_count((int64_t)(value + (value < 0 ? -0.5 : 0.5)), count));
    else if (form == FORM_SHARE)
        snprintf(out, 48, "%.1f %%", 100 * value);
    else if (form == FORM_UNIT)
        snprintf(out, 48, "%.3f", value);
    else
        snprintf(out, 48, form == FORM_SIGNED ? "%+#.4g" : "%#.4g", value);
    return out;
}
