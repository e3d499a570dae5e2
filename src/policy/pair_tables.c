#include "policy/pair_tables.h"

#include <string.h>

#include "base/memory.h"

enum { MOST_FIXED = 8, PER_COLUMN = 7 };

/* ---- the list -------------------------------------------------------------------------------------------------- */

static void add(struct pair_tables *tables, struct dataset dataset)
{
    tables->list[tables->n++] = dataset;
}

/* The path is owned by the list. */
static const char *path_of(struct pair_tables *tables, const char *before, const char *column, const char *after)
{
    struct text path;
    text_init(&path);
    text_add(&path, "%s%s%s", before, column, after);
    tables->path[tables->n_path++] = path.bytes;
    return path.bytes;
}

static void add_records(struct pair_tables *tables, const struct pair_records *records)
{
    const struct pair_intended *intended = &records->intended;
    add(tables, (struct dataset){
                    "/pairs/id", TABLE_STRING, 1, {records->n}, records->id_bytes, "1", "id of each training pair"});
    add(tables, (struct dataset){"/pairs/intended/start",
                                 TABLE_I64,
                                 1,
                                 {records->n + 1},
                                 0,
                                 "entries",
                                 "where the intended features of each pair begin in /pairs/intended/feature, and the "
                                 "end"});
    add(tables, (struct dataset){"/pairs/intended/feature",
                                 TABLE_I32,
                                 1,
                                 {intended->start[records->n]},
                                 0,
                                 "feature",
                                 "features that pairs were meant to move, pair by pair, ascending"});
}

static void add_top(struct pair_tables *tables, const struct pair_sizes *sizes)
{
    const int64_t b = sizes->n_behaviour, m = sizes->n_feature, keep = sizes->keep_pairs;
    const char *unit = "behaviour per feature unit";
    add(tables, (struct dataset){"/features/top_pairs/pair",
                                 TABLE_I64,
                                 3,
                                 {b, m, keep},
                                 0,
                                 "pair",
                                 "pairs that shifted the coefficient most, strongest first; -1 behind the last"});
    add(tables, (struct dataset){"/features/top_pairs/shift",
                                 TABLE_F64,
                                 3,
                                 {b, m, keep},
                                 0,
                                 unit,
                                 "exact shift of the coefficient by the pair, w(X', y') - w(X, y)"});
    add(tables, (struct dataset){"/features/top_pairs/x",
                                 TABLE_F64,
                                 3,
                                 {b, m, keep},
                                 0,
                                 unit,
                                 "of it, through feature activations: w(X', y) - w(X, y)"});
    add(tables, (struct dataset){"/features/top_pairs/y",
                                 TABLE_F64,
                                 3,
                                 {b, m, keep},
                                 0,
                                 unit,
                                 "of it, through behaviour: w(X', y') - w(X', y)"});
    add(tables, (struct dataset){"/pairs/watched",
                                 TABLE_I64,
                                 2,
                                 {b, sizes->n_watched},
                                 0,
                                 "feature",
                                 "features by which groups of pairs are compared"});
}

static int64_t text_width(char *const *texts, int64_t n)
{
    int64_t width = 1;
    for (int64_t i = 0; i < n; i++)
        if ((int64_t)strlen(texts[i]) > width)
            width = (int64_t)strlen(texts[i]);
    return width;
}

static void add_column(struct pair_tables *tables, const struct pair_records *records, const struct pair_sizes *sizes,
                       const struct pair_column *column)
{
    const int64_t n = column->n_value, b = sizes->n_behaviour, watched = sizes->n_watched;
    const char *unit = "behaviour per feature unit", *groups = "/pairs/groups/";
    add(tables, (struct dataset){path_of(tables, "/pairs/group/", column->name, ""),
                                 TABLE_I32,
                                 1,
                                 {records->n},
                                 0,
                                 "1",
                                 "each pair's value, as an index into the group's values"});
    add(tables, (struct dataset){path_of(tables, groups, column->name, "/value"),
                                 TABLE_STRING,
                                 1,
                                 {n},
                                 text_width(column->values, n),
                                 "1",
                                 "distinct values, in bytewise order"});
    add(tables,
        (struct dataset){
            path_of(tables, groups, column->name, "/count"), TABLE_I64, 1, {n}, 0, "pairs", "pairs with this value"});
    add(tables, (struct dataset){path_of(tables, groups, column->name, "/mean_shift"),
                                 TABLE_F64,
                                 3,
                                 {n, b, watched},
                                 0,
                                 unit,
                                 "mean over the group's pairs of the exact shift of each watched coefficient"});
    add(tables, (struct dataset){path_of(tables, groups, column->name, "/mean_absolute_shift"),
                                 TABLE_F64,
                                 3,
                                 {n, b, watched},
                                 0,
                                 unit,
                                 "mean over the group's pairs of its magnitude"});
    add(tables, (struct dataset){path_of(tables, groups, column->name, "/x_share"),
                                 TABLE_F64,
                                 3,
                                 {n, b, watched},
                                 0,
                                 "1",
                                 "part of the magnitudes of both Shapley pathways, summed over the group's pairs, that "
                                 "is through feature activations; 0 where nothing moved"});
    add(tables, (struct dataset){path_of(tables, groups, column->name, "/interfering"),
                                 TABLE_I64,
                                 2,
                                 {n, b},
                                 0,
                                 "pairs",
                                 "pairs of the group whose dominant feature is known not to be intended"});
}

void pair_tables_init(const struct pair_records *records, const struct pair_sizes *sizes, struct pair_tables *tables)
{
    int64_t room = MOST_FIXED + PER_COLUMN * records->n_column;
    *tables = (struct pair_tables){.list = memory_allocate(room, sizeof *tables->list),
                                   .path = memory_allocate(room, sizeof *tables->path)};
    add_records(tables, records);
    add_top(tables, sizes);
    for (int64_t c = 0; c < records->n_column; c++)
        add_column(tables, records, sizes, &records->columns[c]);
    ASSERT(tables->n <= room);
}

void pair_tables_clear(struct pair_tables *tables)
{
    for (int i = 0; i < tables->n_path; i++)
        memory_free(tables->path[i]);
    memory_free(tables->path);
    memory_free(tables->list);
    *tables = (struct pair_tables){0};
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* The first failure of a series of writes counts; the others are skipped. */
static void then(enum status *status, struct table *table, const char *path, int64_t n, const void *data)
{
    if (*status == STATUS_OK)
        *status = table_write(table, path, 0, n, data);
}

/* One of /pairs/groups/COLUMN/…, or /pairs/group/COLUMN. */
static void then_column(enum status *status, struct table *table, const struct pair_column *column, const char *name,
                        int64_t n, const void *data)
{
    struct text path;
    text_init(&path);
    text_add(&path, name == NULL ? "/pairs/group/%s" : "/pairs/groups/%s/", column->name);
    if (name != NULL)
        text_add(&path, "%s", name);
    then(status, table, path.bytes, n, data);
    text_clear(&path);
}

static void write_column(enum status *status, struct table *table, const struct pair_groups *groups, int64_t c)
{
    const struct pair_column *column = &groups->records->columns[c];
    int64_t n = column->n_value, n_cell = n * groups->n_behaviour * groups->n_watched;
    int64_t width = text_width(column->values, n);
    char *values = memory_allocate(n * width, 1);
    double *shift = memory_allocate(n_cell, sizeof *shift), *magnitude = memory_allocate(n_cell, sizeof *magnitude);
    double *share = memory_allocate(n_cell, sizeof *share);
    for (int64_t v = 0; v < n; v++)
        memcpy(values + v * width, column->values[v], strlen(column->values[v]));
    pair_groups_means(groups, c, shift, magnitude, share);
    then_column(status, table, column, NULL, groups->records->n, column->codes);
    then_column(status, table, column, "value", n, values);
    then_column(status, table, column, "count", n, column->count);
    then_column(status, table, column, "mean_shift", n, shift);
    then_column(status, table, column, "mean_absolute_shift", n, magnitude);
    then_column(status, table, column, "x_share", n, share);
    then_column(status, table, column, "interfering", n, groups->interfering + groups->first[c] * groups->n_behaviour);
    memory_free(share);
    memory_free(magnitude);
    memory_free(shift);
    memory_free(values);
}

enum status pair_tables_write(struct table *table, const struct pair_records *records, const struct pair_top *top,
                              const struct pair_groups *groups)
{
    enum status status = STATUS_OK;
    then(&status, table, "/pairs/id", records->n, records->ids);
    then(&status, table, "/pairs/intended/start", records->n + 1, records->intended.start);
    then(&status, table, "/pairs/intended/feature", records->intended.start[records->n], records->intended.feature);
    then(&status, table, "/features/top_pairs/pair", top->n_behaviour, top->pair);
    then(&status, table, "/features/top_pairs/shift", top->n_behaviour, top->shift);
    then(&status, table, "/features/top_pairs/x", top->n_behaviour, top->x);
    then(&status, table, "/features/top_pairs/y", top->n_behaviour, top->y);
    then(&status, table, "/pairs/watched", groups->n_behaviour, groups->watched);
    for (int64_t c = 0; c < records->n_column; c++)
        write_column(&status, table, groups, c);
    return status;
}
