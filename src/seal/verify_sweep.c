#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "merkle/tiles.h"
#include "seal/verify.h"

enum { BUNDLES_PER_ROUND = 8 }; /* of each rank: memory does not grow with the log */

/* A walk over this rank's part of the log. */
struct walk {
    struct verification *verification;
    enum sweep sweep;
    struct entry last; /* of the entries before, to see that they are in order; storage is NULL at first */
    struct hand hand;  /* this round's */
};

static void check_footer(struct verification *verification, int64_t index, const struct entry *entry)
{
    int64_t size = verification->ground.checkpoint.size;
    if (index != size - 1 || entry->total != size)
        findings_add(&verification->findings, FOUND_CONTENT, index,
                     "seal/tile/entries: the footer, entry %lld, counts %lld entries, the log has %lld",
                     (long long)index, (long long)entry->total, (long long)size);
    for (int kind = 0; kind < ENTRY_KIND_COUNT; kind++)
        verification->footer[kind] += entry->counts[kind] <= size ? entry->counts[kind] : size; /* sums stay small */
}

static void note_samples(struct verification *verification, int64_t index, const struct entry *entry)
{
    struct verify_samples *samples = &verification->samples;
    *samples = (struct verify_samples){.is_seen = true, .index = index, .summary = entry->samples};
    snprintf(samples->name, sizeof samples->name, "%s", entry->run);
}

/* What needs no reading is checked here, the rest goes into the hand. */
static void take_entry(struct walk *walk, int64_t index, const char *bytes, size_t n)
{
    struct verification *verification = walk->verification;
    struct entry entry;
    if (entry_parse(bytes, n, "seal/tile/entries", &entry) != STATUS_OK) {
        if (walk->sweep == SWEEP_BYTES)
            findings_add(&verification->findings, FOUND_CONTENT, index, "entry %lld: %s", (long long)index,
                         failure_sentence());
        return;
    }
    int64_t work = verify_work(&entry, walk->sweep);
    if (work >= 0)
        hand_add(&walk->hand, index, work, bytes, n);
    if (walk->sweep == SWEEP_BYTES) {
        verification->counts[entry.kind]++;
        verification->n_logical += entry.kind == ENTRY_INPUT && entry.segment == SEGMENT_LOGICAL;
        if (walk->last.storage != NULL && entry_compare(&walk->last, &entry) >= 0)
            findings_add(&verification->findings, FOUND_CONTENT, index,
                         "seal/tile/entries: entry %lld is not after the one before it in the order of a log",
                         (long long)index);
        if (entry.kind == ENTRY_DATASET)
            verify_dataset(verification, index, &entry);
        if (entry.kind == ENTRY_SAMPLES)
            note_samples(verification, index, &entry);
        if (entry.kind == ENTRY_FOOTER)
            check_footer(verification, index, &entry);
    }
    entry_clear(&walk->last);
    walk->last = entry;
}

static void take_bundle(struct walk *walk, int64_t i)
{
    struct verification *verification = walk->verification;
    int64_t b = verification->audit.first + i;
    struct bundle bundle;
    if (!verification->audit.is_right[i] ||
        bundle_load(verification->log, b, tile_width(verification->ground.checkpoint.size, BUNDLE_LEVEL, b), &bundle) !=
            STATUS_OK)
        return; /* the audit told */
    for (int k = 0; k < bundle.n; k++)
        take_entry(walk, b * TILE_WIDTH + k, bundle.entry[k], bundle.length[k]);
    bundle_clear(&bundle);
}

/* The last entry before this rank's, so that order is seen across ranks too. */
static void take_predecessor(struct walk *walk)
{
    struct verification *verification = walk->verification;
    struct bundle bundle;
    if (verification->audit.first == 0 || verification->audit.n == 0 ||
        bundle_load(verification->log, verification->audit.first - 1, TILE_WIDTH, &bundle) != STATUS_OK)
        return;
    int last = TILE_WIDTH - 1;
    if (entry_parse(bundle.entry[last], bundle.length[last], "the log", &walk->last) != STATUS_OK)
        walk->last = (struct entry){0};
    bundle_clear(&bundle);
}

static void check_dealt(struct verification *verification, const struct hand *dealt)
{
    size_t at = 0, n;
    int64_t index;
    const char *bytes;
    while (hand_next(dealt, &at, &index, &bytes, &n)) {
        struct entry entry;
        if (entry_parse(bytes, n, "the log", &entry) == STATUS_OK) {
            verify_entry(verification, index, &entry);
            entry_clear(&entry);
        }
    }
}

void verify_sweep(struct verification *verification, enum sweep sweep)
{
    struct walk walk = {.verification = verification, .sweep = sweep};
    int64_t own = verification->audit.n, most;
    MPI_Allreduce(&own, &most, 1, MPI_INT64_T, MPI_MAX, verification->comm);
    take_predecessor(&walk);
    for (int64_t first = 0; first < most; first += BUNDLES_PER_ROUND) {
        struct hand dealt;
        hand_init(&walk.hand);
        hand_init(&dealt);
        for (int64_t i = first; i < own && i < first + BUNDLES_PER_ROUND; i++)
            take_bundle(&walk, i);
        deal_entries(verification->comm, &walk.hand, &dealt);
        check_dealt(verification, &dealt);
        hand_clear(&walk.hand);
        hand_clear(&dealt);
    }
    entry_clear(&walk.last);
}

bool verify_has_logical(struct verification *verification)
{
    int64_t n = 0;
    MPI_Allreduce(&verification->n_logical, &n, 1, MPI_INT64_T, MPI_SUM, verification->comm);
    return n > 0;
}
