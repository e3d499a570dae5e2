#include <math.h>

#include "base/column.h"
#include "base/memory.h"
#include "mechanism/summary_parts.h"
#include "table/load.h"

enum { SHOWN = 3, ID_WIDTH = 22 };

/* A name of another table of the run, without the blanks of a column. */
static void add_name(struct summary *summary, struct table_reader *reader, const char *path, int64_t i)
{
    char *name = reader != NULL ? table_load_text(reader, path, i) : NULL;
    struct text column;
    text_init(&column);
    if (name != NULL)
        text_add_column(&column, name, ID_WIDTH);
    while (column.length > 0 && column.bytes[column.length - 1] == ' ')
        column.bytes[--column.length] = 0;
    if (name != NULL)
        text_add(summary->out, "%s", column.bytes);
    else
        text_add(summary->out, "%lld", (long long)i);
    text_clear(&column);
    memory_free(name);
}

static bool add_pairs(struct summary *summary, int64_t b, const int64_t *shown, int64_t n_shown)
{
    int64_t n = table_extent_of(summary->reader, "/links/pairs/pair", 2), at = -1, part = -1;
    if (n == 0)
        return true;
    int64_t *pair =
        table_load(summary->reader, "/links/pairs/pair", TABLE_I64, summary->n_behaviour * summary->n_part * n);
    for (int64_t k = 0; k < n_shown && pair != NULL && part < 0; k++) {
        at = (b * summary->n_part + shown[k]) * n;
        part = pair[at] >= 0 ? shown[k] : -1;
    }
    if (part >= 0) {
        text_add(summary->out, "  ");
        add_name(summary, summary->reader, "/parts/id", part);
        text_add(summary->out, " was moved most by");
        for (int64_t k = 0; k < SHOWN && k < n && pair[at + k] >= 0; k++) {
            text_add(summary->out, "%s ", k ? "," : "");
            add_name(summary, summary->policy, "/pairs/id", pair[at + k]);
        }
        text_add(summary->out, "\n");
    }
    bool good = pair != NULL;
    memory_free(pair);
    return good;
}

static bool add_policies(struct summary *summary, int64_t row)
{
    int64_t n = table_extent_of(summary->reader, "/links/policies/name", 0);
    int64_t rows = summary->n_behaviour * table_extent_of(summary->reader, "/links/layers/name", 0), most = 0;
    if (n == 0)
        return true;
    double *score = table_load(summary->reader, "/links/policies/score", TABLE_F64, rows * n), sum = 0;
    if (score == NULL)
        return false;
    for (int64_t p = 0; p < n; p++) {
        sum += fmax(score[row * n + p], 0); /* what speaks against the behaviour is no part of what came in */
        if (score[row * n + p] > score[row * n + most])
            most = p;
    }
    if (sum > 0) {
        text_add(summary->out, "  most of it came in under policy ");
        add_name(summary, summary->reader, "/links/policies/name", most);
        text_add(summary->out, ": %.0f %% of the influence of the examples kept\n", 100 * score[row * n + most] / sum);
    }
    memory_free(score);
    return true;
}

static bool add_examples(struct summary *summary, int64_t b, int64_t part)
{
    int64_t n = table_extent_of(summary->reader, "/links/examples/index", 2), layers, cells;
    if (n == 0)
        return true;
    layers = table_extent_of(summary->reader, "/links/layers/name", 0);
    cells = summary->n_behaviour * layers * n;
    int32_t *link = table_load(summary->reader, "/parts/link", TABLE_I32, summary->n_part);
    int64_t *example = table_load(summary->reader, "/links/examples/index", TABLE_I64, cells);
    int64_t *queries = table_load(summary->reader, "/links/queries", TABLE_I64, summary->n_behaviour);
    bool good = link != NULL && example != NULL && queries != NULL && link[part] >= 0 && link[part] < layers;
    if (good && queries[b] > 0) {
        int64_t row = b * layers + link[part];
        text_add(summary->out, "  examples behind the %lld queries with it, through layer ", (long long)queries[b]);
        add_name(summary, summary->reader, "/links/layers/name", row - b * layers);
        for (int64_t k = 0; k < SHOWN && k < n && example[row * n + k] >= 0; k++) {
            text_add(summary->out, "%s ", k ? "," : ":");
            add_name(summary, summary->influence, "/samples/id", example[row * n + k]);
        }
        text_add(summary->out, "\n");
        good = add_policies(summary, row);
    }
    memory_free(queries);
    memory_free(example);
    memory_free(link);
    return good;
}

bool summary_add_links(struct summary *summary, int64_t b, const int64_t *shown, int64_t n_shown)
{
    return add_pairs(summary, b, shown, n_shown) && (n_shown == 0 || add_examples(summary, b, shown[0]));
}
