#include "lineage/contributors.h"

#include <stdbool.h>

#include "base/memory.h"
#include "comm/share.h"

void contributors_init(struct contributors *top, int64_t n_group, int64_t keep)
{
    *top = (struct contributors){memory_allocate(n_group * keep, sizeof *top->items), n_group, keep};
    for (int64_t i = 0; i < n_group * keep; i++)
        top->items[i].sample = -1;
}

void contributors_clear(struct contributors *top)
{
    memory_free(top->items);
    *top = (struct contributors){0};
}

static bool is_before(const struct contributor *a, const struct contributor *b)
{
    if (a->sample < 0 || b->sample < 0)
        return a->sample >= 0;
    return a->share != b->share ? a->share > b->share : a->sample < b->sample;
}

void contributors_add(struct contributors *top, int64_t group, const struct contributor *contributor)
{
    struct contributor *items = top->items + group * top->keep;
    int64_t at = top->keep;
    while (at > 0 && is_before(contributor, &items[at - 1])) {
        if (at < top->keep)
            items[at] = items[at - 1];
        at--;
    }
    if (at < top->keep)
        items[at] = *contributor;
}

void contributors_gather(MPI_Comm comm, struct contributors *top)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int64_t n = top->n_group * top->keep;
    for (int r = 1; r < size; r++) {
        if (rank == r)
            share_send(comm, 0, (const char *)top->items, n * (int64_t)sizeof *top->items);
        if (rank != 0)
            continue;
        int64_t bytes;
        char *received = share_receive(comm, r, &bytes);
        const struct contributor *items = (const struct contributor *)(const void *)received;
        for (int64_t i = 0; i < n; i++)
            if (items[i].sample >= 0)
                contributors_add(top, i / top->keep, &items[i]);
        memory_free(received);
    }
}
