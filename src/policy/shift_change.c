#include "policy/shift_change.h"

#include <stdbool.h>

#include "base/memory.h"

/* Counts per feature become places: `place` of a feature is where its next entry goes. */
static void index_features(struct shift_change *change, int64_t *place)
{
    int64_t n_feature = change->rows->n_column, at = 0;
    for (int64_t j = 0; j < n_feature; j++)
        change->n_changed += place[j] > 0;
    change->feature = memory_allocate(change->n_changed, sizeof *change->feature);
    change->start = memory_allocate(change->n_changed + 1, sizeof *change->start);
    for (int64_t j = 0, k = 0; j < n_feature; j++) {
        int64_t count = place[j];
        place[j] = at;
        if (count == 0)
            continue;
        change->feature[k] = (int32_t)j;
        change->start[k++] = at;
        at += count;
    }
    change->start[change->n_changed] = at;
}

void shift_change_init(struct shift_change *change, const struct rows *rows)
{
    *change = (struct shift_change){.rows = rows};
    int64_t n = rows->start[rows->n_row];
    int64_t *place = memory_allocate(rows->n_column, sizeof *place);
    change->probe = memory_allocate(n, sizeof *change->probe);
    change->value = memory_allocate(n, sizeof *change->value);
    for (int64_t e = 0; e < n; e++)
        place[rows->column[e]]++;
    index_features(change, place);
    for (int64_t p = 0; p < rows->n_row; p++)
        for (int64_t e = rows->start[p]; e < rows->start[p + 1]; e++) {
            int64_t to = place[rows->column[e]]++;
            change->probe[to] = (int32_t)p;
            change->value[to] = rows->value[e];
        }
    memory_free(place);
}

void shift_change_clear(struct shift_change *change)
{
    memory_free(change->feature);
    memory_free(change->start);
    memory_free(change->probe);
    memory_free(change->value);
    *change = (struct shift_change){0};
}

void shift_change_find(const struct shift_change *change, int64_t j, int64_t *first, int64_t *end)
{
    int64_t low = 0, high = change->n_changed;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (change->feature[middle] < j)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < change->n_changed && change->feature[low] == j;
    *first = found ? change->start[low] : 0;
    *end = found ? change->start[low + 1] : 0;
}

void shift_change_transposed_product(const struct shift_change *change, const double *a, double *out)
{
    for (int64_t k = 0; k < change->n_changed; k++) {
        double sum = 0;
        for (int64_t e = change->start[k]; e < change->start[k + 1]; e++)
            sum += change->value[e] * a[change->probe[e]];
        out[k] = sum;
    }
}

void shift_change_product(const struct shift_change *change, const double *w, double *out)
{
    for (int64_t p = 0; p < change->rows->n_row; p++)
        out[p] = rows_dot(change->rows, p, w);
}
