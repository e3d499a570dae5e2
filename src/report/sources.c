#include <string.h>

#include "report/render.h"

enum { MOST_ROWS = 12 };

void source_add_object(struct text *out, const struct source *source)
{
    if (source->file == NULL)
        return;
    text_add(out, "%s:%s", source->file, source->path);
    if (source->row >= 0)
        text_add(out, "[%lld]", (long long)source->row);
}

static const struct source *source_of(const struct block *block, int64_t i)
{
    return block->kind == BLOCK_CHART ? &block->chart.series[i].source : &block->spans[i].source;
}

static int64_t n_source(const struct block *block)
{
    return block->kind == BLOCK_CHART ? block->chart.n_series : block->n_span;
}

static bool same_dataset(const struct source *a, const struct source *b)
{
    bool same_how = a->how == b->how || (a->how != NULL && b->how != NULL && strcmp(a->how, b->how) == 0);
    return a->file != NULL && b->file != NULL && strcmp(a->file, b->file) == 0 && strcmp(a->path, b->path) == 0 &&
           same_how;
}

static bool is_first(const struct block *block, int64_t i)
{
    for (int64_t k = 0; k < i; k++)
        if (same_dataset(source_of(block, k), source_of(block, i)))
            return false;
    return true;
}

static bool is_new_row(const struct block *block, int64_t first, int64_t i)
{
    for (int64_t k = first; k < i; k++)
        if (same_dataset(source_of(block, k), source_of(block, first)) &&
            source_of(block, k)->row == source_of(block, i)->row)
            return false;
    return true;
}

/* "[3,4,9]", the rows of one dataset in the order in which they are shown; nothing for all rows. */
static void add_rows(struct text *out, const struct block *block, int64_t first)
{
    int shown = 0;
    bool more = false;
    for (int64_t i = first; i < n_source(block) && !more; i++) {
        const struct source *source = source_of(block, i);
        if (!same_dataset(source, source_of(block, first)) || source->row < 0 || !is_new_row(block, first, i))
            continue;
        more = shown == MOST_ROWS;
        if (!more)
            text_add(out, "%s%lld", shown++ == 0 ? "[" : ",", (long long)source->row);
    }
    text_add(out, "%s%s", more ? ",…" : "", shown > 0 ? "]" : "");
}

static void add_dataset(struct text *out, const struct block *block, int64_t i)
{
    const struct source *source = source_of(block, i);
    if (block->kind == BLOCK_TABLE)
        text_add(out, "%s = ", block->columns[i % block->n_column].heading);
    if (source->how != NULL)
        text_add(out, "%s of ", source->how);
    text_add(out, "%s", source->path);
}

/* Datasets of one file of which the same rows are shown stand together, and their rows once, behind them. */
void sources_add(struct text *out, const struct block *block)
{
    const char *file = NULL;
    struct text rows, before;
    text_init(&rows);
    text_init(&before);
    for (int64_t i = 0; i < n_source(block); i++) {
        const struct source *source = source_of(block, i);
        if (source->file == NULL || !is_first(block, i))
            continue;
        rows.length = 0;
        text_add(&rows, "%s", "");
        add_rows(&rows, block, i);
        bool same_file = file != NULL && strcmp(file, source->file) == 0;
        if (same_file && strcmp(rows.bytes, before.bytes) == 0)
            text_add(out, ", ");
        else if (file == NULL)
            text_add(out, "From %s: ", source->file);
        else if (same_file)
            text_add(out, "%s%s; ", before.length > 0 ? " " : "", before.bytes);
        else
            text_add(out, "%s%s; from %s: ", before.length > 0 ? " " : "", before.bytes, source->file);
        add_dataset(out, block, i);
        before.length = 0;
        text_add(&before, "%s", rows.bytes);
        file = source->file;
    }
    if (file != NULL && before.length > 0)
        text_add(out, " %s", before.bytes);
    text_clear(&before);
    text_clear(&rows);
}
