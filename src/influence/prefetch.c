#include "influence/prefetch.h"

#include <pthread.h>

#include "base/memory.h"
#include "influence/profile.h"

struct prefetch {
    bool ahead, leads;
    struct sample_reader reader;
    struct reading_room room;
    struct block_input slots[2];
    int slot;                     /* being filled, or filled last */
    int64_t index, first, n;      /* of the block under way: with one slot, the former one is still scored */
    struct segment_list segments; /* of the block under way */
    enum status status;
    char *sentence; /* owned; a failure's sentence belongs to the thread that met it */
    pthread_t thread;
    bool under_way;
};

struct prefetch *prefetch_create(const struct study *study, const struct team *team, int64_t block_rows, bool ahead)
{
    struct prefetch *prefetch = memory_allocate(1, sizeof *prefetch);
    prefetch->ahead = ahead;
    prefetch->leads = team_leads(team);
    sample_reader_init(&study->samples, &prefetch->reader);
    for (int i = 0; i < (ahead ? 2 : 1); i++) {
        gradients_init(study, TRAIN_SIDE, team->k_first, team->n_k, block_rows, &prefetch->slots[i].gradients);
        if (prefetch->leads)
            sample_rows_init(&study->samples, block_rows, &prefetch->slots[i].rows);
    }
    segments_init(&prefetch->segments);
    return prefetch;
}

/* Waits for the thread; the block's status is then known. */
static void join(struct prefetch *prefetch)
{
    if (prefetch->ahead && prefetch->under_way)
        ASSERT(pthread_join(prefetch->thread, NULL) == 0);
    prefetch->under_way = false;
}

void prefetch_destroy(struct prefetch *prefetch)
{
    if (prefetch == NULL)
        return;
    join(prefetch);
    for (int i = 0; i < (prefetch->ahead ? 2 : 1); i++) {
        gradients_clear(&prefetch->slots[i].gradients);
        sample_rows_clear(&prefetch->slots[i].rows);
    }
    reading_room_clear(&prefetch->room);
    sample_reader_clear(&prefetch->reader);
    segments_clear(&prefetch->segments);
    memory_free(prefetch->sentence);
    memory_free(prefetch);
}

static void *read_block(void *argument)
{
    struct prefetch *prefetch = argument;
    struct block_input *block = &prefetch->slots[prefetch->slot];
    enum phase phase = profile_enter(PHASE_RECORDS);
    block->index = prefetch->index;
    block->first = prefetch->first;
    block->n = prefetch->n;
    prefetch->status =
        prefetch->leads ? sample_rows_read(&block->rows, &prefetch->reader, block->first, block->n) : STATUS_OK;
    profile_enter(PHASE_DIGITS);
    if (prefetch->status == STATUS_OK)
        prefetch->status =
            gradients_read(&block->gradients, block->first, block->n, &prefetch->room, &prefetch->segments);
    if (prefetch->status != STATUS_OK)
        prefetch->sentence = memory_copy_text(failure_sentence());
    profile_enter(phase);
    return NULL;
}

void prefetch_begin(struct prefetch *prefetch, int64_t index, int64_t first, int64_t n)
{
    ASSERT(!prefetch->under_way);
    prefetch->slot = prefetch->ahead ? 1 - prefetch->slot : 0;
    prefetch->index = index;
    prefetch->first = first;
    prefetch->n = n;
    prefetch->under_way = true;
    if (prefetch->ahead)
        ASSERT(pthread_create(&prefetch->thread, NULL, read_block, prefetch) == 0);
}

bool prefetch_is_under_way(const struct prefetch *prefetch)
{
    return prefetch->under_way;
}

enum status prefetch_end(struct prefetch *prefetch, const struct block_input **block, struct segment_list *segments)
{
    ASSERT(prefetch->under_way);
    if (!prefetch->ahead)
        read_block(prefetch);
    join(prefetch);
    if (prefetch->status != STATUS_OK) {
        segments_clear(&prefetch->segments); /* of what was read before */
        return fail(prefetch->status, "%s", prefetch->sentence);
    }
    for (int64_t i = 0; i < prefetch->segments.n; i++)
        segments_add(segments, &prefetch->segments.items[i]);
    segments_clear(&prefetch->segments);
    *block = &prefetch->slots[prefetch->slot];
    return STATUS_OK;
}
