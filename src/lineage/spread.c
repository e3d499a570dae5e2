#include "lineage/spread.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"

/* ---- shares ------------------------------------------------------------------------------------------------------ */

static void end_share(struct shares *shares, int64_t *capacity, int64_t past, int64_t bytes)
{
    if (shares->n + 2 > *capacity) {
        int64_t larger = 2 * *capacity + 16;
        shares->first = memory_resize(shares->first, *capacity, larger, sizeof *shares->first);
        *capacity = larger;
    }
    shares->n++;
    shares->first[shares->n] = past;
    shares->largest = bytes > shares->largest ? bytes : shares->largest;
}

void shares_make(const struct tally *tally, const struct share_costs *costs, int64_t n_rank, int64_t bytes,
                 struct shares *shares)
{
    int64_t capacity = 0, held = 0, all = 0, block = INT64_C(1) << tally->shift;
    *shares =
        (struct shares){.shift = tally->shift, .of_block = memory_allocate(tally->n_block, sizeof *shares->of_block)};
    for (int64_t pass = 0; pass < 2; pass++) {
        int64_t limit = all / n_rank + 1 < bytes ? all / n_rank + 1 : bytes;
        for (int64_t b = 0; b < tally->n_block; b++) {
            int64_t first = b * block, n = tally->n_sample - first < block ? tally->n_sample - first : block;
            int64_t cost = costs->sample * n + costs->use * tally->uses[b] + costs->event * tally->events[b];
            if (pass == 0) {
                all += cost;
                continue;
            }
            if (held > 0 && held + cost > limit) {
                end_share(shares, &capacity, first, held);
                held = 0;
            }
            held += cost;
            shares->of_block[b] = (int32_t)shares->n;
        }
    }
    end_share(shares, &capacity, tally->n_sample, held);
    shares->n_pass = (shares->n + n_rank - 1) / n_rank;
}

void shares_clear(struct shares *shares)
{
    memory_free(shares->first);
    memory_free(shares->of_block);
    *shares = (struct shares){0};
}

/* ---- exchange ---------------------------------------------------------------------------------------------------- */

/* How many go to each rank and come from it, and where. */
struct routes {
    int size;
    int *counts, *places, *counts_in, *places_in; /* owned */
    int64_t n_in;
};

/* The rank that owns a sample in this pass, or -1. */
static inline int owner_of(const struct shares *shares, int64_t pass, int size, int64_t sample)
{
    if (sample < 0 || sample >= shares->first[shares->n])
        return -1;
    int64_t share = shares->of_block[sample >> shares->shift] - pass * size;
    return share >= 0 && share < size ? (int)share : -1;
}

static void route(MPI_Comm comm, const struct shares *shares, int64_t pass, int64_t n, const int64_t *samples,
                  struct routes *routes)
{
    MPI_Comm_size(comm, &routes->size);
    int size = routes->size;
    routes->counts = memory_allocate(4 * (int64_t)size, sizeof *routes->counts);
    routes->places = routes->counts + size;
    routes->counts_in = routes->places + size;
    routes->places_in = routes->counts_in + size;
    for (int64_t i = 0; i < n; i++) {
        int owner = owner_of(shares, pass, size, samples[i]);
        if (owner >= 0)
            routes->counts[owner]++;
    }
    MPI_Alltoall(routes->counts, 1, MPI_INT, routes->counts_in, 1, MPI_INT, comm);
    for (int r = 0; r < size; r++)
        routes->n_in += routes->counts_in[r];
    ASSERT(routes->n_in <= INT32_MAX); /* windows are smaller */
    for (int r = 1; r < size; r++) {
        routes->places[r] = routes->places[r - 1] + routes->counts[r - 1];
        routes->places_in[r] = routes->places_in[r - 1] + routes->counts_in[r - 1];
    }
}

static void transfer(MPI_Comm comm, const struct routes *routes, size_t bytes, const void *out, void *in)
{
    if (routes->size == 1) {
        memcpy(in, out, (size_t)routes->n_in * bytes);
        return;
    }
    MPI_Datatype type;
    MPI_Type_contiguous(to_int((int64_t)bytes), MPI_BYTE, &type);
    MPI_Type_commit(&type);
    MPI_Alltoallv(out, routes->counts, routes->places, type, in, routes->counts_in, routes->places_in, type, comm);
    MPI_Type_free(&type);
}

static int64_t total(const struct routes *routes)
{
    return (int64_t)routes->places[routes->size - 1] + routes->counts[routes->size - 1];
}

/* Where the next item for each rank goes; the caller frees it. */
static int64_t *cursors(const struct routes *routes)
{
    int64_t *next = memory_allocate(routes->size, sizeof *next);
    for (int r = 0; r < routes->size; r++)
        next[r] = routes->places[r];
    return next;
}

/* Alone there is nobody to send to. */
static void keep_pairs(const struct shares *shares, int64_t pass, int64_t n, const int64_t *samples,
                       const uint32_t *values, struct pairs *into)
{
    int64_t first = pass < shares->n ? shares->first[pass] : 0, past = pass < shares->n ? shares->first[pass + 1] : 0;
    for (int64_t i = 0; i < n; i++) {
        if (samples[i] < first || samples[i] >= past)
            continue;
        ASSERT(into->n < into->capacity);
        into->items[into->n++] = (struct pair){(uint32_t)(samples[i] - first), values[i]};
    }
}

void spread_pairs(MPI_Comm comm, const struct shares *shares, int64_t pass, int64_t n, const int64_t *samples,
                  const uint32_t *values, struct pairs *into)
{
    struct routes routes = {0};
    MPI_Comm_size(comm, &routes.size);
    if (routes.size == 1) {
        keep_pairs(shares, pass, n, samples, values, into);
        return;
    }
    route(comm, shares, pass, n, samples, &routes);
    ASSERT(routes.n_in <= into->capacity - into->n);
    struct pair *out = memory_allocate_raw(total(&routes), sizeof *out);
    int64_t *next = cursors(&routes);
    for (int64_t i = 0; i < n; i++) {
        int owner = owner_of(shares, pass, routes.size, samples[i]);
        if (owner < 0)
            continue;
        int64_t first = shares->first[pass * routes.size + owner];
        out[next[owner]++] = (struct pair){(uint32_t)(samples[i] - first), values[i]};
    }
    transfer(comm, &routes, sizeof *out, out, into->items + into->n);
    into->n += routes.n_in;
    memory_free(out);
    memory_free(next);
    memory_free(routes.counts);
}

void spread_parts(MPI_Comm comm, const struct shares *shares, int64_t pass, int64_t n, const int64_t *samples,
                  const struct part *parts, struct part **received, int64_t *n_received)
{
    struct routes routes = {0};
    route(comm, shares, pass, n, samples, &routes);
    struct part *out = memory_allocate_raw(total(&routes), sizeof *out);
    int64_t *next = cursors(&routes);
    for (int64_t i = 0; i < n; i++) {
        int owner = owner_of(shares, pass, routes.size, samples[i]);
        if (owner < 0)
            continue;
        struct part *part = &out[next[owner]++];
        *part = parts[i];
        part->sample = (uint32_t)(samples[i] - shares->first[pass * routes.size + owner]);
    }
    *n_received = routes.n_in;
    *received = memory_allocate_raw(routes.n_in, sizeof **received);
    transfer(comm, &routes, sizeof *out, out, *received);
    memory_free(out);
    memory_free(next);
    memory_free(routes.counts);
}

void pairs_sort(const struct pairs *pairs, int64_t n, int64_t **start, uint32_t **values)
{
    int64_t *begin = memory_allocate(n + 2, sizeof *begin);
    uint32_t *sorted = memory_allocate_raw(pairs->n, sizeof *sorted);
    /* begin[i + 1] is where sample i goes on, and in the end where it ends. */
    for (int64_t i = 0; i < pairs->n; i++)
        begin[pairs->items[i].sample + 2]++;
    for (int64_t i = 0; i < n; i++)
        begin[i + 2] += begin[i + 1];
    for (int64_t i = 0; i < pairs->n; i++)
        sorted[begin[pairs->items[i].sample + 1]++] = pairs->items[i].value;
    *start = begin;
    *values = sorted;
}
