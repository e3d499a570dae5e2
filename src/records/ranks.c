#include "records/ranks.h"

#include "base/memory.h"

void ranks_gather(const struct ranks *ranks, void *items, size_t bytes, const int64_t *firsts)
{
    if (ranks->size == 1)
        return;
    int *counts = memory_allocate(ranks->size, sizeof *counts), *places = memory_allocate(ranks->size, sizeof *places);
    for (int r = 0; r < ranks->size; r++) {
        places[r] = to_int(firsts[r] * (int64_t)bytes);
        counts[r] = to_int((firsts[r + 1] - firsts[r]) * (int64_t)bytes);
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, items, counts, places, MPI_BYTE, ranks->comm);
    memory_free(counts);
    memory_free(places);
}
