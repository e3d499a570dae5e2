#include "lineage/tally.h"

#include "base/memory.h"

void tally_init(struct tally *tally, int64_t n_sample)
{
    *tally = (struct tally){.n_sample = n_sample};
    while (n_sample >> tally->shift >= TALLY_BLOCKS_MOST)
        tally->shift++;
    tally->n_block = (n_sample >> tally->shift) + 1;
    tally->uses = memory_allocate(tally->n_block, sizeof *tally->uses);
    tally->events = memory_allocate(tally->n_block, sizeof *tally->events);
}

void tally_clear(struct tally *tally)
{
    memory_free(tally->uses);
    memory_free(tally->events);
    *tally = (struct tally){0};
}
