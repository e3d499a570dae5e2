#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/column.h"
#include "base/memory.h"
#include "influence/influence.h"
#include "influence/top.h"
#include "table/table.h"

enum { SHOWN = 5, ID_WIDTH = 24, GROUP_WIDTH = 21, QUERY_WIDTH = 80 };

/* A finished table and the few names that every line needs. */
struct view {
    struct table_reader *reader;
    int64_t n_query, n_train, top;
    char **columns; /* owned: group columns, in order of path */
    int n_column;
};

/* Row `i` of a string dataset; the caller owns it.  NULL on failure. */
static char *read_string(struct view *view, const char *path, int64_t i)
{
    const struct dataset *dataset = table_find(view->reader, path);
    if (dataset == NULL)
        return NULL;
    char *value = memory_allocate(dataset->string_bytes + 1, 1);
    if (table_read(view->reader, path, i, 1, value) != STATUS_OK) {
        memory_free(value);
        return NULL;
    }
    return value;
}

static enum status missing(const char *path)
{
    return fail(BAD_INPUT, "%s: expected the datasets of an influence table; some are missing or unreadable", path);
}

static bool open_view(const char *path, struct view *view)
{
    *view = (struct view){0};
    if (table_open(path, &view->reader) != STATUS_OK)
        return false;
    const struct dataset *index = table_find(view->reader, "/top/proponents/index");
    const struct dataset *samples = table_find(view->reader, "/samples/id");
    if (index == NULL || index->n_dim != 2 || samples == NULL)
        return false;
    view->n_query = index->dims[0];
    view->top = index->dims[1];
    view->n_train = samples->dims[0];
    static const char prefix[] = "/samples/group/";
    view->columns = memory_allocate(table_count(view->reader), sizeof *view->columns);
    for (int i = 0; i < table_count(view->reader); i++) {
        const char *name = table_dataset(view->reader, i)->path;
        if (strncmp(name, prefix, sizeof prefix - 1) == 0)
            view->columns[view->n_column++] = memory_copy_text(name + sizeof prefix - 1);
    }
    return true;
}

static void close_view(struct view *view)
{
    for (int c = 0; c < view->n_column; c++)
        memory_free(view->columns[c]);
    memory_free(view->columns);
    if (view->reader != NULL)
        table_reader_close(view->reader);
}

/* The sample's value in every group column. */
static bool add_groups(struct view *view, int64_t sample, struct text *out)
{
    struct text path;
    text_init(&path);
    bool good = true;
    for (int c = 0; c < view->n_column && good; c++) {
        int32_t code;
        path.length = 0;
        text_add(&path, "/samples/group/%s", view->columns[c]);
        good = table_read(view->reader, path.bytes, sample, 1, &code) == STATUS_OK;
        path.length = 0;
        text_add(&path, "/groups/%s/value", view->columns[c]);
        char *value = good ? read_string(view, path.bytes, code) : NULL;
        good = value != NULL;
        if (good) {
            text_add(out, "  ");
            text_add_column(out, value[0] ? value : "(none)", GROUP_WIDTH);
        }
        memory_free(value);
    }
    text_clear(&path);
    return good;
}

static bool add_side(struct view *view, enum side side, int64_t query, struct text *out)
{
    const char *group = side == PROPONENTS ? "proponents" : "opponents";
    int64_t n = view->top < SHOWN ? view->top : SHOWN;
    int64_t *index = memory_allocate(view->top, sizeof *index);
    double *score = memory_allocate(view->top, sizeof *score);
    struct text path;
    text_init(&path);
    text_add(&path, "/top/%s/index", group);
    bool good = table_read(view->reader, path.bytes, query, 1, index) == STATUS_OK;
    path.length = 0;
    text_add(&path, "/top/%s/score", group);
    good = good && table_read(view->reader, path.bytes, query, 1, score) == STATUS_OK;
    for (int64_t i = 0; i < n && good; i++) {
        if (!(side == PROPONENTS ? score[i] > 0 : score[i] < 0)) /* long lists go on to examples of the other side */
            break;
        char *id = read_string(view, "/samples/id", index[i]);
        good = id != NULL;
        if (!good)
            break;
        text_add(out, "  %-10s %+#11.4g  ", i == 0 ? group : "", score[i]);
        text_add_column(out, id, ID_WIDTH - 10);
        good = add_groups(view, index[i], out);
        text_end_line(out);
        memory_free(id);
    }
    text_clear(&path);
    memory_free(score);
    memory_free(index);
    return good;
}

static bool add_query(struct view *view, int64_t query, struct text *out)
{
    char *id = read_string(view, "/queries/id", query), *what = read_string(view, "/queries/text", query);
    bool good = id != NULL && what != NULL;
    if (good) {
        struct text title;
        text_init(&title);
        text_add(&title, "Query %s%s%s", id, what[0] ? ": " : "", what);
        text_add_column(out, title.bytes, QUERY_WIDTH);
        text_end_line(out);
        text_clear(&title);
        text_add(out, "  %-10s %11s  %-14s", "", "score", "example");
        for (int c = 0; c < view->n_column; c++) {
            text_add(out, "  ");
            text_add_column(out, view->columns[c], GROUP_WIDTH);
        }
        text_end_line(out);
        good = add_side(view, PROPONENTS, query, out) && add_side(view, OPPONENTS, query, out);
        text_add(out, "\n");
    }
    memory_free(what);
    memory_free(id);
    return good;
}

/* Totals of one group column, summed over the queries for the overview (a plain sum in a fixed order). */
static bool add_column(struct view *view, const char *column, struct text *out)
{
    static const char *const parts[] = {"positive", "negative", "net"};
    struct text path;
    text_init(&path);
    text_add(&path, "/groups/%s/value", column);
    const struct dataset *values = table_find(view->reader, path.bytes);
    int64_t n = values ? values->dims[0] : 0;
    double *row = memory_allocate(n, sizeof *row), *sums = memory_allocate(3 * n, sizeof *sums);
    int64_t *count = memory_allocate(n, sizeof *count);
    bool good = values != NULL;
    for (int p = 0; p < 3; p++)
        for (int64_t j = 0; j < view->n_query && good; j++) {
            path.length = 0;
            text_add(&path, "/groups/%s/%s", column, parts[p]);
            good = table_read(view->reader, path.bytes, j, 1, row) == STATUS_OK;
            for (int64_t v = 0; v < n && good; v++)
                sums[p * n + v] += row[v];
        }
    path.length = 0;
    text_add(&path, "/groups/%s/count", column);
    good = good && table_read(view->reader, path.bytes, 0, n, count) == STATUS_OK;
    text_add(out, "  %-28s %10s %13s %13s %13s\n", column, "examples", "positive", "negative", "net");
    path.length = 0;
    text_add(&path, "/groups/%s/value", column);
    for (int64_t v = 0; v < n && good; v++) {
        char *value = read_string(view, path.bytes, v), number[32];
        good = value != NULL;
        if (good) {
            text_add(out, "    ");
            text_add_column(out, value[0] ? value : "(none)", ID_WIDTH + 2);
            text_add(out, " %10s %+13.5g %+13.5g %+13.5g\n", figure_count(count[v], number), sums[v], sums[n + v],
                     sums[2 * n + v]);
        }
        memory_free(value);
    }
    memory_free(count);
    memory_free(sums);
    memory_free(row);
    text_clear(&path);
    return good;
}

enum status influence_summary(const char *path, int64_t n_query, struct text *summary)
{
    struct view view;
    bool good = open_view(path, &view);
    if (good) {
        const char *method = table_attribute(view.reader, "method");
        char trained[32], asked[32];
        text_add(summary, "Influence (%s; positive = lowers the query's loss) of %s training examples on %s queries\n",
                 method ? method : "?", figure_count(view.n_train, trained), figure_count(view.n_query, asked));
        if (n_query < view.n_query)
            text_add(summary, "The first %lld queries; all are in %s\n", (long long)n_query, path);
        text_add(summary, "\n");
        for (int64_t j = 0; j < view.n_query && j < n_query && good; j++)
            good = add_query(&view, j, summary);
        if (view.n_column > 0)
            text_add(summary, "Totals over all %s queries\n", asked);
        for (int c = 0; c < view.n_column && good; c++)
            good = add_column(&view, view.columns[c], summary);
    }
    close_view(&view);
    return good ? STATUS_OK : missing(path);
}
