#include "policy/sae_active.h"

#include <stdbool.h>

#include "base/memory.h"

void sae_active_init(struct sae_active *active, int64_t limit)
{
    *active = (struct sae_active){.limit = limit};
}

void sae_active_clear(struct sae_active *active)
{
    memory_free(active->column);
    memory_free(active->value);
    *active = (struct sae_active){0};
}

void sae_active_empty(struct sae_active *active)
{
    active->n = 0;
}

static void make_room(struct sae_active *active)
{
    if (active->n < active->capacity)
        return;
    int64_t capacity = active->capacity > 0 ? 2 * active->capacity : 64;
    if (active->limit > 0 && capacity > active->limit)
        capacity = active->limit;
    active->column = memory_resize(active->column, active->n, capacity, sizeof *active->column);
    active->value = memory_resize(active->value, active->n, capacity, sizeof *active->value);
    active->capacity = capacity;
}

static void swap(struct sae_active *active, int64_t i, int64_t k)
{
    int32_t column = active->column[i];
    double value = active->value[i];
    active->column[i] = active->column[k];
    active->value[i] = active->value[k];
    active->column[k] = column;
    active->value[k] = value;
}

static bool is_weaker(const struct sae_active *active, int64_t i, int64_t k)
{
    if (active->value[i] != active->value[k])
        return active->value[i] < active->value[k];
    return active->column[i] > active->column[k];
}

static bool is_behind(const struct sae_active *active, int64_t i, int64_t k)
{
    return active->column[i] > active->column[k];
}

/* Entry i of a heap of n sinks to where neither child comes before it. */
static void sink(struct sae_active *active, int64_t i, int64_t n,
                 bool (*is_before)(const struct sae_active *, int64_t, int64_t))
{
    for (int64_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && is_before(active, child + 1, child))
            child++;
        if (!is_before(active, child, i))
            return;
        swap(active, i, child);
        i = child;
    }
}

static void rise(struct sae_active *active, int64_t i)
{
    for (int64_t parent = (i - 1) / 2; i > 0 && is_weaker(active, i, parent); parent = (i - 1) / 2) {
        swap(active, i, parent);
        i = parent;
    }
}

void sae_active_add(struct sae_active *active, int32_t column, double value)
{
    if (active->limit > 0 && active->n == active->limit) {
        if (value <= active->value[0]) /* an equal one loses: its column is higher */
            return;
        active->column[0] = column;
        active->value[0] = value;
        sink(active, 0, active->n, is_weaker);
        return;
    }
    make_room(active);
    active->column[active->n] = column;
    active->value[active->n] = value;
    active->n++;
    if (active->limit > 0)
        rise(active, active->n - 1);
}

/* Heap sort: in place, and of the same cost for any order.  Without a limit the columns are in order as they came. */
void sae_active_sort(struct sae_active *active)
{
    if (active->limit == 0)
        return;
    for (int64_t i = active->n / 2; i-- > 0;)
        sink(active, i, active->n, is_behind);
    for (int64_t n = active->n; n > 1; n--) {
        swap(active, 0, n - 1);
        sink(active, 0, n - 1, is_behind);
    }
}
