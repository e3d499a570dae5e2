#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "influence/tables.h"

/* n strings as fixed-width rows; the caller owns them. */
static char *pack_texts(char *const *texts, int64_t n, int64_t *width)
{
    *width = 1;
    for (int64_t i = 0; i < n; i++)
        if ((int64_t)strlen(texts[i]) > *width)
            *width = (int64_t)strlen(texts[i]);
    char *rows = memory_allocate(n, (size_t)*width);
    for (int64_t i = 0; i < n; i++)
        memcpy(rows + i * *width, texts[i], strlen(texts[i]));
    return rows;
}

static enum status write_texts(struct table *table, const char *path, char *const *texts, int64_t n)
{
    int64_t width;
    char *rows = pack_texts(texts, n, &width);
    enum status status = table_write(table, path, 0, n, rows);
    memory_free(rows);
    return status;
}

/* The first failure of a series of writes counts; the others are skipped. */
static void then(enum status *status, struct table *table, const char *path, int64_t n, const void *data)
{
    if (*status == STATUS_OK)
        *status = table_write(table, path, 0, n, data);
}

static enum status write_checkpoints(struct table *table, const struct study *study)
{
    const struct checkpoints *all = &study->checkpoints;
    char **names = memory_allocate(all->n, sizeof *names);
    int64_t *steps = memory_allocate(all->n, sizeof *steps), *used = memory_allocate(study->n_used, sizeof *used);
    double *rates = memory_allocate(all->n, sizeof *rates), *losses = memory_allocate(all->n, sizeof *losses);
    uint8_t *selected = memory_allocate(all->n, 1);
    for (int64_t i = 0; i < all->n; i++) {
        names[i] = all->items[i].name;
        steps[i] = all->items[i].step;
        rates[i] = all->items[i].learning_rate;
        losses[i] = isnan(all->items[i].validation_loss) ? (double)NAN : all->items[i].validation_loss; /* one NaN */
        selected[i] = all->items[i].selected;
    }
    for (int k = 0; k < study->n_used; k++)
        used[k] = study->used[k];
    enum status status = write_texts(table, "/checkpoints/name", names, all->n);
    then(&status, table, "/checkpoints/step", all->n, steps);
    then(&status, table, "/checkpoints/learning_rate", all->n, rates);
    then(&status, table, "/checkpoints/validation_loss", all->n, losses);
    then(&status, table, "/checkpoints/selected", all->n, selected);
    then(&status, table, "/checkpoints/used", study->n_used, used);
    memory_free(selected);
    memory_free(losses);
    memory_free(rates);
    memory_free(used);
    memory_free(steps);
    memory_free(names);
    return status;
}

static enum status write_column_records(struct table *table, const struct group_column *column)
{
    struct text path;
    text_init(&path);
    text_add(&path, "/groups/%s/value", column->name);
    enum status status = write_texts(table, path.bytes, column->values, column->n_value);
    path.length = 0;
    text_add(&path, "/groups/%s/count", column->name);
    then(&status, table, path.bytes, column->n_value, column->count);
    text_clear(&path);
    return status;
}

enum status influence_tables_write_records(struct table *table, const struct study *study)
{
    const struct samples *samples = &study->samples;
    enum status status = write_checkpoints(table, study);
    then(&status, table, "/queries/id", study->queries.n, study->queries.ids);
    if (status == STATUS_OK)
        status = write_texts(table, "/queries/text", study->queries.texts, study->queries.n);
    if (status == STATUS_OK)
        status = write_texts(table, "/layers/name", study->config->layers.items, study->n_layer);
    for (int64_t c = 0; c < samples->n_column && status == STATUS_OK; c++)
        status = write_column_records(table, &samples->columns[c]);
    return status == STATUS_OK ? inputs_write(table, &study->segments) : status;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static enum status write_side(struct table *table, const struct study *study, const struct top *top)
{
    const char *group = top->side == PROPONENTS ? "/top/proponents/" : "/top/opponents/";
    static const char *const names[] = {"index", "score", "by_checkpoint", "by_layer"};
    int64_t n = top->n_query * top->top;
    int n_used = study->n_used, n_layer = study->n_layer;
    double *checkpoint = memory_allocate(n * n_used, sizeof *checkpoint);
    double *layer = memory_allocate(n * n_layer, sizeof *layer);
    for (int64_t i = 0; i < n; i++) {
        memcpy(checkpoint + i * n_used, top->part + i * top->n_part, (size_t)n_used * sizeof *checkpoint);
        memcpy(layer + i * n_layer, top->part + i * top->n_part + n_used, (size_t)n_layer * sizeof *layer);
    }
    const void *data[] = {top->index, top->score, checkpoint, layer};
    enum status status = STATUS_OK;
    for (int i = 0; i < 4; i++) {
        struct text path;
        text_init(&path);
        text_add(&path, "%s%s", group, names[i]);
        then(&status, table, path.bytes, top->n_query, data[i]);
        text_clear(&path);
    }
    memory_free(layer);
    memory_free(checkpoint);
    return status;
}

/* Sums stand as n × n_query; the table wants n_query × n. */
static enum status write_sums(struct table *table, const char *path, const struct sum *sums, const struct sum *more,
                              int64_t n, int64_t n_query)
{
    double *values = memory_allocate(n * n_query, sizeof *values);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n_query; j++) {
            struct sum sum = sums[i * n_query + j];
            if (more != NULL)
                sum_merge(&sum, &more[i * n_query + j]);
            values[j * n + i] = sum_value(&sum);
        }
    enum status status = table_write(table, path, 0, n_query, values);
    memory_free(values);
    return status;
}

static enum status write_column_results(struct table *table, const struct totals *totals,
                                        const struct group_column *column, int64_t offset)
{
    int64_t n = column->n_value, m = totals->n_query;
    const struct sum *positive = totals->positive + offset * m, *negative = totals->negative + offset * m;
    struct text path;
    text_init(&path);
    text_add(&path, "/groups/%s/positive", column->name);
    enum status status = write_sums(table, path.bytes, positive, NULL, n, m);
    path.length = 0;
    text_add(&path, "/groups/%s/negative", column->name);
    if (status == STATUS_OK)
        status = write_sums(table, path.bytes, negative, NULL, n, m);
    path.length = 0;
    text_add(&path, "/groups/%s/net", column->name);
    if (status == STATUS_OK)
        status = write_sums(table, path.bytes, positive, negative, n, m);
    int64_t *proponents = memory_allocate(n * m, sizeof *proponents);
    for (int64_t v = 0; v < n; v++)
        for (int64_t j = 0; j < m; j++)
            proponents[j * n + v] = totals->proponents[(offset + v) * m + j];
    path.length = 0;
    text_add(&path, "/groups/%s/proponents", column->name);
    then(&status, table, path.bytes, m, proponents);
    memory_free(proponents);
    text_clear(&path);
    return status;
}

enum status influence_tables_write_results(struct table *table, const struct study *study, struct partial *partial)
{
    const struct totals *totals = &partial->totals;
    enum status status = STATUS_OK;
    for (int side = 0; side < N_SIDES && status == STATUS_OK; side++)
        status = write_side(table, study, &partial->top[side]);
    if (status == STATUS_OK)
        status = write_sums(table, "/layers/total", totals->layer, NULL, study->n_layer, totals->n_query);
    if (status == STATUS_OK)
        status = write_sums(table, "/checkpoints/total", totals->checkpoint, NULL, study->n_used, totals->n_query);
    for (int64_t c = 0; c < study->samples.n_column && status == STATUS_OK; c++)
        status = write_column_results(table, totals, &study->samples.columns[c], totals->offset[c]);
    return status;
}
