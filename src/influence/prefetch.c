#include "influence/prefetch.h"

#include <pthread.h>

#include "base/memory.h"
#include "influence/profile.h"

struct prefetch {
    bool ahead;
    struct gradients slots[2];
    int slot;                     /* being filled, or filled last */
    int64_t first, n;             /* of the block under way */
    struct segment_list segments; /* of the block under way */
    enum status status;
    char *sentence; /* owned; a failure's sentence belongs to the thread that met it */
    pthread_t thread;
    bool under_way;
};

struct prefetch *prefetch_create(const struct study *study, int k_first, int n_k, int64_t block_rows, bool ahead)
{
    struct prefetch *prefetch = memory_allocate(1, sizeof *prefetch);
    prefetch->ahead = ahead;
    for (int i = 0; i < (ahead ? 2 : 1); i++)
        gradients_init(study, TRAIN_SIDE, k_first, n_k, block_rows, &prefetch->slots[i]);
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
    for (int i = 0; i < (prefetch->ahead ? 2 : 1); i++)
        gradients_clear(&prefetch->slots[i]);
    segments_clear(&prefetch->segments);
    memory_free(prefetch->sentence);
    memory_free(prefetch);
}

static void *read_block(void *argument)
{
    struct prefetch *prefetch = argument;
    enum phase phase = profile_enter(PHASE_DIGITS);
    prefetch->status =
        gradients_read(&prefetch->slots[prefetch->slot], prefetch->first, prefetch->n, &prefetch->segments);
    if (prefetch->status != STATUS_OK)
        prefetch->sentence = memory_copy_text(failure_sentence());
    profile_enter(phase);
    return NULL;
}

void prefetch_begin(struct prefetch *prefetch, int64_t first, int64_t n)
{
    ASSERT(!prefetch->under_way);
    prefetch->slot = prefetch->ahead ? 1 - prefetch->slot : 0;
    prefetch->first = first;
    prefetch->n = n;
    prefetch->under_way = true;
    if (prefetch->ahead)
        ASSERT(pthread_create(&prefetch->thread, NULL, read_block, prefetch) == 0);
}

enum status prefetch_end(struct prefetch *prefetch, const struct gradients **gradients, struct segment_list *segments)
{
    ASSERT(prefetch->under_way);
    if (!prefetch->ahead)
        read_block(prefetch);
    join(prefetch);
    if (prefetch->status != STATUS_OK)
        return fail(prefetch->status, "%s", prefetch->sentence);
    for (int64_t i = 0; i < prefetch->segments.n; i++)
        segments_add(segments, &prefetch->segments.items[i]);
    segments_clear(&prefetch->segments);
    *gradients = &prefetch->slots[prefetch->slot];
    return STATUS_OK;
}
