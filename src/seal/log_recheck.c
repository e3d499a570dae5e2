#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "merkle/range_reduce.h"
#include "merkle/tiles.h"
#include "seal/log_store.h"

/* Compares one entry as measured now with the one on disk; its leaf goes into the range as the disk has it. */
static enum status compare_entry(const struct bundle *bundle, int64_t i, const struct text *entry, struct range *range)
{
    int k = (int)(i % TILE_WIDTH);
    struct hash leaf;
    if (bundle->length[k] != entry->length || memcmp(bundle->entry[k], entry->bytes, entry->length) != 0)
        return fail(DIFFERS,
                    "entry %lld of the log on disk is not what its content says on another rank: memory or disk of a "
                    "node is not to be trusted, or something writes to the tables; nothing was signed",
                    (long long)i);
    merkle_leaf(bundle->entry[k], bundle->length[k], &leaf);
    range_add(range, 0, &leaf);
    return STATUS_OK;
}

static enum status check_entries(const char *log, const struct log_plan *plan, int64_t begin, int64_t end,
                                 struct progress *progress, struct range *range)
{
    struct bundle bundle = {0};
    struct text entry;
    enum status status = STATUS_OK;
    text_init(&entry);
    range_init(range, begin);
    for (int64_t i = begin; i < end && status == STATUS_OK; i++) {
        int64_t b = i / TILE_WIDTH;
        if (i == begin || i % TILE_WIDTH == 0) {
            bundle_clear(&bundle);
            if (bundle_load(log, b, tile_width(plan->n_entry, BUNDLE_LEVEL, b), &bundle) != STATUS_OK)
                status = fail(DIFFERS, "%s", failure_sentence());
        }
        entry.length = 0;
        if (status == STATUS_OK)
            status = log_measure(plan, i, BY_TABLE, &entry);
        if (status == STATUS_OK)
            status = compare_entry(&bundle, i, &entry, range);
        progress_add(progress, 1);
    }
    bundle_clear(&bundle);
    text_clear(&entry);
    return status;
}

enum status log_recheck(MPI_Comm comm, const char *log, const struct log_plan *plan, const struct hash *root,
                        bool quiet)
{
    int rank, n_rank;
    int64_t begin, end;
    MPI_Comm shifted;
    struct progress progress;
    struct range range;
    struct hash found;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    int part = (rank + 1) % n_rank;
    MPI_Comm_split(comm, 0, part, &shifted); /* ranks in the order of their parts */
    log_plan_share(plan, n_rank, part, &begin, &end);
    progress_begin(&progress, rank == 0 && !quiet, "checking the log", "entries", end - begin, plan->n_entry);
    enum status status = agree(comm, check_entries(log, plan, begin, end, &progress, &range));
    if (status == STATUS_OK) {
        range_reduce(shifted, &range, &found);
        if (!hash_equal(&found, root))
            status = fail(DIFFERS,
                          "%s: the entries on disk have another root than was computed: memory or disk of a "
                          "node is not to be trusted; nothing was signed",
                          log);
        status = agree(comm, status);
    }
    MPI_Comm_free(&shifted);
    if (status == STATUS_OK)
        progress_end(&progress);
    return status;
}
