/* Pairs of a sample and something that happened to it, on their way to the rank that works on the sample. */
#ifndef ASSAY_LINEAGE_SPREAD_H
#define ASSAY_LINEAGE_SPREAD_H

#include <mpi.h>
#include <stdbool.h>

#include "lineage/tally.h"

/* Samples in shares of whole blocks, each of which fits into a rank's memory.  Pass p takes shares p × ranks + r of
 * rank r. */
struct shares {
    int64_t *first; /* owned; n + 1: share s has samples [first[s], first[s + 1]) */
    int64_t n, n_pass;
    int32_t *of_block; /* owned; the share of each block of the tally */
    int shift;
    int64_t largest; /* bytes of the largest */
};

/* What one sample, one use and one event take in memory. */
struct share_costs {
    int64_t sample, use, event;
};

/* About `bytes` per share, and no fewer shares than ranks where there are blocks enough.  @local */
void shares_make(const struct tally *tally, const struct share_costs *costs, int64_t n_rank, int64_t bytes,
                 struct shares *shares);
void shares_clear(struct shares *shares);

/* What a rank was sent of one share, in the order in which it lies in the table. */
struct pair {
    uint32_t sample, value; /* sample: relative to the share's first */
};

struct pairs {
    struct pair *items; /* owned; capacity is known beforehand */
    int64_t n, capacity;
};

/* A contribution in transit. */
struct part {
    uint32_t sample, group;
    double norm, share;
};

/* n samples with their values go to the ranks that own them in this pass, samples below 0 or not of this pass nowhere;
 * what this rank is sent is appended to `into`.  Ranks send in order: of rank 0 first.  @collective comm */
void spread_pairs(MPI_Comm comm, const struct shares *shares, int64_t pass, int64_t n, const int64_t *samples,
                  const uint32_t *values, struct pairs *into);
/* The same for parts of contributions, whose samples are absolute in `samples`; *received is owned by the caller. */
void spread_parts(MPI_Comm comm, const struct shares *shares, int64_t pass, int64_t n, const int64_t *samples,
                  const struct part *parts, struct part **received, int64_t *n_received);

/* Sorts by sample, the order within a sample kept: values[start[i]] … values[start[i + 1] - 1] are of sample i of n.
 * The caller owns both.  @local */
void pairs_sort(const struct pairs *pairs, int64_t n, int64_t **start, uint32_t **values);

#endif
