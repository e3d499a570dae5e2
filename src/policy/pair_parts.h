/* What struct pairs is made of. */
#ifndef ASSAY_POLICY_PAIR_PARTS_H
#define ASSAY_POLICY_PAIR_PARTS_H

#include "policy/pair_block.h"
#include "policy/pair_records.h"
#include "policy/pair_tables.h"
#include "policy/pairs.h"

struct pairs {
    const struct policy_config *config; /* borrowed */
    struct pair_records records;
    struct pair_inputs inputs; /* owns its source and its tensor */
    struct pair_sizes sizes;
    struct pair_tables tables;
    int64_t keep_features;        /* per pair and behaviour */
    int64_t block_pairs, n_block; /* by the inputs' shapes alone: the unit of reading and of dealing out */
};

static inline int64_t pairs_in_block(const struct pairs *pairs, int64_t block)
{
    int64_t left = pairs->records.n - block * pairs->block_pairs;
    return left < pairs->block_pairs ? left : pairs->block_pairs;
}

#endif
