#include "counterfactual/extremes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void extremes_init(int64_t n_query, int64_t most, struct extremes *extremes)
{
    *extremes = (struct extremes){.n_query = n_query, .most = most};
    extremes->items = memory_allocate(n_query * 2 * most, sizeof *extremes->items);
    extremes->count = memory_allocate(n_query, sizeof *extremes->count);
}

void extremes_clear(struct extremes *extremes)
{
    memory_free(extremes->count);
    memory_free(extremes->items);
    *extremes = (struct extremes){0};
}

int64_t extremes_bytes(int64_t n_query, int64_t most)
{
    return n_query * (2 * most * (int64_t)sizeof(struct extreme) + (int64_t)sizeof(int64_t));
}

static int compare(const void *a, const void *b)
{
    const struct extreme *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

/* Sorts what a query has and keeps the lowest. */
static void cut(struct extremes *extremes, int64_t query)
{
    struct extreme *items = extremes->items + query * 2 * extremes->most;
    qsort(items, (size_t)extremes->count[query], sizeof *items, compare);
    if (extremes->count[query] > extremes->most)
        extremes->count[query] = extremes->most;
}

void extremes_add(struct extremes *extremes, int64_t query, int64_t row, double value)
{
    if (isnan(value) || extremes->most == 0)
        return;
    if (extremes->count[query] == 2 * extremes->most)
        cut(extremes, query);
    extremes->items[query * 2 * extremes->most + extremes->count[query]++] = (struct extreme){value, row};
}

/* One query at a time: what all ranks have, taken in like one's own. */
static void merge_query(MPI_Comm comm, struct extremes *extremes, int64_t query, struct extreme *all, int size)
{
    const int bytes = to_int(extremes->most * (int64_t)sizeof *all);
    struct extreme *items = extremes->items + query * 2 * extremes->most;
    cut(extremes, query);
    for (int64_t i = extremes->count[query]; i < extremes->most; i++)
        items[i] = (struct extreme){0, -1};
    MPI_Allgather(items, bytes, MPI_BYTE, all, bytes, MPI_BYTE, comm);
    extremes->count[query] = 0;
    for (int64_t i = 0; i < size * extremes->most; i++)
        if (all[i].row >= 0)
            extremes_add(extremes, query, all[i].row, all[i].value);
    cut(extremes, query);
}

void extremes_merge(MPI_Comm comm, struct extremes *extremes)
{
    int size;
    MPI_Comm_size(comm, &size);
    if (extremes->most == 0)
        return;
    struct extreme *all = memory_allocate(size * extremes->most, sizeof *all);
    for (int64_t q = 0; q < extremes->n_query; q++)
        merge_query(comm, extremes, q, all, size);
    memory_free(all);
}
