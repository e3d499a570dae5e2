#include <math.h>
#include <string.h>

#include "config/json.h"
#include "report/render.h"
#include "report/visible.h"

/* A quoted field.  A text that a spreadsheet would take for a formula gets an apostrophe before it. */
static void add_text(struct text *out, const char *value)
{
    struct text shown;
    text_init(&shown);
    text_add_visible(&shown, value, 0);
    text_add(out, "\"%s", value[0] && strchr("=+-@", value[0]) != NULL ? "'" : "");
    for (const char *at = shown.bytes ? shown.bytes : ""; *at; at++)
        text_add(out, "%s%c", *at == '"' ? "\"" : "", *at);
    text_add(out, "\"");
    text_clear(&shown);
}

static void add_value(struct text *out, double value)
{
    if (isfinite(value))
        json_add_number(out, value);
    else
        text_add(out, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

struct place {
    const char *section, *table;
};

static void begin_line(struct text *out, const struct place *place, int64_t row, const char *column)
{
    add_text(out, place->section);
    text_add(out, ",");
    add_text(out, place->table);
    text_add(out, ",%lld,", (long long)row);
    add_text(out, column);
    text_add(out, ",");
}

static void end_line(struct text *out, const struct source *source)
{
    struct text object;
    text_init(&object);
    source_add_object(&object, source);
    text_add(out, ",");
    add_text(out, object.bytes ? object.bytes : "");
    text_add(out, ",");
    add_text(out, source->how ? source->how : "");
    text_add(out, "\r\n");
    text_clear(&object);
}

static void add_table(struct text *out, const struct place *place, const struct block *block)
{
    for (int64_t i = 0; i < block->n_span; i++) {
        const struct span *span = &block->spans[i];
        begin_line(out, place, i / block->n_column, block->columns[i % block->n_column].heading);
        if (span->kind == SPAN_NUMBER)
            add_value(out, span->value);
        else
            add_text(out, span->text);
        end_line(out, &span->source);
    }
}

static void add_figures(struct text *out, const struct place *place, const struct block *block)
{
    for (int64_t i = 0; i + 1 < block->n_span; i += 2) {
        begin_line(out, place, 0, block->spans[i].text);
        add_value(out, block->spans[i + 1].value);
        end_line(out, &block->spans[i + 1].source);
    }
}

static void add_chart(struct text *out, const struct place *place, const struct chart *chart)
{
    static const struct source none = {0};
    for (int s = 0; s < chart->n_series; s++)
        for (int64_t i = 0; i < chart->series[s].n; i++) {
            const struct series *series = &chart->series[s];
            begin_line(out, place, i, chart->x_label);
            if (chart->x_names != NULL && series->x[i] >= 0 && series->x[i] < (double)chart->n_name)
                add_text(out, chart->x_names[(int64_t)series->x[i]]);
            else
                add_value(out, series->x[i]);
            end_line(out, &none);
            begin_line(out, place, i, series->name);
            add_value(out, series->y[i]);
            end_line(out, &series->source);
        }
}

void render_csv(const struct content *content, struct text *out)
{
    struct place place = {"", ""};
    text_add(out, "section,table,row,column,value,source,how\r\n");
    for (int64_t i = 0; i < content->n_block; i++) {
        const struct block *block = &content->blocks[i];
        if (block->kind == BLOCK_HEADING && block->level <= 2)
            place.section = block->title;
        if (block->kind == BLOCK_HEADING)
            place.table = block->title;
        if (block->kind == BLOCK_TABLE) {
            place.table = block->title[0] ? block->title : place.table;
            add_table(out, &place, block);
        }
        if (block->kind == BLOCK_CHART) {
            place.table = block->chart.title;
            add_chart(out, &place, &block->chart);
        }
        if (block->kind == BLOCK_FIGURES) {
            place.table = "figures";
            add_figures(out, &place, block);
        }
    }
}
