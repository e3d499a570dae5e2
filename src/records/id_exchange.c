#include "records/id_exchange.h"

#include "base/memory.h"

enum { WORDS = sizeof(struct id_entry) / sizeof(uint64_t) }; /* an entry is sent as these */

void id_exchange_init(struct id_exchange *exchange, const struct ranks *ranks)
{
    *exchange = (struct id_exchange){.ranks = *ranks,
                                     .batch = memory_allocate_raw(ID_BATCH, sizeof *exchange->batch),
                                     .dealt = memory_allocate_raw(ID_BATCH, sizeof *exchange->dealt),
                                     .counts = memory_allocate(ranks->size, sizeof(int)),
                                     .places = memory_allocate(ranks->size, sizeof(int)),
                                     .from = memory_allocate(ranks->size, sizeof(int)),
                                     .offsets = memory_allocate(ranks->size, sizeof(int))};
}

void id_exchange_clear(struct id_exchange *exchange)
{
    memory_free(exchange->batch);
    memory_free(exchange->dealt);
    memory_free(exchange->counts);
    memory_free(exchange->places);
    memory_free(exchange->from);
    memory_free(exchange->offsets);
    *exchange = (struct id_exchange){0};
}

void id_exchange_add(struct id_exchange *exchange, const struct id_entry *entry)
{
    ASSERT(exchange->n < ID_BATCH);
    exchange->batch[exchange->n++] = *entry;
}

/* The batch in order of owners; counts and places in words. */
static void sort_by_owner(struct id_exchange *exchange)
{
    int size = exchange->ranks.size;
    for (int r = 0; r < size; r++)
        exchange->counts[r] = 0;
    for (int64_t i = 0; i < exchange->n; i++)
        exchange->counts[id_entry_owner(&exchange->batch[i], size)]++;
    for (int r = 0, place = 0; r < size; place += exchange->counts[r++])
        exchange->places[r] = place;
    for (int64_t i = 0; i < exchange->n; i++)
        exchange->dealt[exchange->places[id_entry_owner(&exchange->batch[i], size)]++] = exchange->batch[i];
    for (int r = 0, place = 0; r < size; place += exchange->counts[r++]) {
        exchange->counts[r] *= WORDS;
        exchange->places[r] = place;
    }
}

bool id_exchange_deal(struct id_exchange *exchange, bool more, struct id_table *table)
{
    const struct ranks *ranks = &exchange->ranks;
    if (ranks->size == 1) {
        for (int64_t i = 0; i < exchange->n; i++)
            id_table_add(table, &exchange->batch[i]);
        exchange->n = 0;
        return more;
    }
    sort_by_owner(exchange);
    MPI_Alltoall(exchange->counts, 1, MPI_INT, exchange->from, 1, MPI_INT, ranks->comm);
    int64_t n = 0;
    for (int r = 0; r < ranks->size; n += exchange->from[r++])
        exchange->offsets[r] = to_int(n);
    struct id_entry *came = memory_allocate_raw(n / WORDS, sizeof *came);
    MPI_Alltoallv(exchange->dealt, exchange->counts, exchange->places, MPI_UINT64_T, came, exchange->from,
                  exchange->offsets, MPI_UINT64_T, ranks->comm);
    for (int64_t i = 0; i < n / WORDS; i++)
        id_table_add(table, &came[i]);
    memory_free(came);
    exchange->n = 0;
    int any = more;
    MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, ranks->comm);
    return any;
}
