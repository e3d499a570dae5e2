#include "policy/pair_top.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/share.h"

void pair_top_init(int64_t n_behaviour, int64_t n_feature, int64_t keep, struct pair_top *top)
{
    int64_t n = n_behaviour * n_feature * keep;
    *top = (struct pair_top){.n_behaviour = n_behaviour,
                             .n_feature = n_feature,
                             .keep = keep,
                             .pair = memory_allocate(n, sizeof *top->pair),
                             .shift = memory_allocate(n, sizeof *top->shift),
                             .x = memory_allocate(n, sizeof *top->x),
                             .y = memory_allocate(n, sizeof *top->y)};
    for (int64_t i = 0; i < n; i++)
        top->pair[i] = -1;
}

void pair_top_clear(struct pair_top *top)
{
    memory_free(top->pair);
    memory_free(top->shift);
    memory_free(top->x);
    memory_free(top->y);
    *top = (struct pair_top){0};
}

int64_t pair_top_bytes(int64_t n_behaviour, int64_t n_feature, int64_t keep)
{
    double bytes = 64.0 * (double)n_behaviour * (double)n_feature * (double)keep; /* twice 32: while ranks merge */
    return bytes < 9e18 ? (int64_t)bytes : INT64_MAX;
}

struct entry {
    int64_t pair;
    double shift, x, y;
};

/* Whether an entry comes before the one at place i. */
static bool before(const struct pair_top *top, const struct entry *entry, double deviation, int64_t i)
{
    if (top->pair[i] < 0)
        return true;
    double size = fabs(entry->shift) * deviation, other = fabs(top->shift[i]) * deviation;
    return size > other || (size == other && entry->pair < top->pair[i]);
}

/* Puts an entry into the list that begins at `first`, if it belongs there. */
static void insert(struct pair_top *top, int64_t first, const struct entry *entry, double deviation)
{
    int64_t last = first + top->keep - 1, place = last;
    if (!(fabs(entry->shift) * deviation > 0) || !before(top, entry, deviation, last))
        return;
    for (; place > first && before(top, entry, deviation, place - 1); place--) {
        top->pair[place] = top->pair[place - 1];
        top->shift[place] = top->shift[place - 1];
        top->x[place] = top->x[place - 1];
        top->y[place] = top->y[place - 1];
    }
    top->pair[place] = entry->pair;
    top->shift[place] = entry->shift;
    top->x[place] = entry->x;
    top->y[place] = entry->y;
}

void pair_top_offer(struct pair_top *top, int64_t pair, const struct shift *shift, const double *deviation)
{
    for (int64_t i = 0; i < top->n_behaviour * top->n_feature; i++) {
        struct entry entry = {pair, shift_total(shift, i), shift->x[i], shift->y[i]};
        insert(top, i * top->keep, &entry, deviation[i % top->n_feature]);
    }
}

/* ---- merging --------------------------------------------------------------------------------------------------- */

static void send_entries(MPI_Comm comm, int to, const struct pair_top *top)
{
    int64_t n = top->n_behaviour * top->n_feature * top->keep * (int64_t)sizeof(double);
    share_send(comm, to, (const char *)top->pair, n);
    share_send(comm, to, (const char *)top->shift, n);
    share_send(comm, to, (const char *)top->x, n);
    share_send(comm, to, (const char *)top->y, n);
}

static void *receive_numbers(MPI_Comm comm, int from, int64_t n)
{
    int64_t n_byte;
    char *bytes = share_receive(comm, from, &n_byte);
    ASSERT(n_byte == n * (int64_t)sizeof(double));
    return bytes; /* memory_allocate aligns to 64 */
}

static void merge_entries(MPI_Comm comm, int from, struct pair_top *top, const double *deviation)
{
    int64_t n = top->n_behaviour * top->n_feature * top->keep;
    int64_t *pair = receive_numbers(comm, from, n);
    double *shift = receive_numbers(comm, from, n), *x = receive_numbers(comm, from, n);
    double *y = receive_numbers(comm, from, n);
    for (int64_t i = 0; i < n; i++) {
        struct entry entry = {pair[i], shift[i], x[i], y[i]};
        int64_t list = i / top->keep;
        if (pair[i] >= 0)
            insert(top, list * top->keep, &entry, deviation[list % top->n_feature]);
    }
    memory_free(y);
    memory_free(x);
    memory_free(shift);
    memory_free(pair);
}

void pair_top_reduce(MPI_Comm comm, struct pair_top *top, const double *deviation)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    for (int step = 1; step < size; step *= 2) {
        if (rank % (2 * step) == step) {
            send_entries(comm, rank - step, top);
            break;
        }
        if (rank % (2 * step) == 0 && rank + step < size)
            merge_entries(comm, rank + step, top, deviation);
    }
}
