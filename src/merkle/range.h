/* Compact ranges: the few perfect subtrees that cover leaves [begin, end) of a tree that may still grow on both sides.
 * Adjacent ranges merge, so ranks hash their own leaves and only these nodes travel. */
#ifndef ASSAY_MERKLE_RANGE_H
#define ASSAY_MERKLE_RANGE_H

#include <stdint.h>

#include "merkle/merkle.h"

/* A range of leaves needs at most two subtrees of each height. */
enum { RANGE_MAX_NODE = 128 };

struct range {
    int64_t begin, end; /* leaves covered, of the whole tree */
    int n;
    int8_t level[RANGE_MAX_NODE];     /* from left to right; a node covers 2^level leaves */
    struct hash node[RANGE_MAX_NODE]; /* their hashes */
};

/* No leaves yet, the first one to come is number `begin`. */
void range_init(struct range *range, int64_t begin);
/* The height of the largest perfect subtree that starts at leaf `begin` and ends no later than `end` (begin < end). */
int range_level(int64_t begin, int64_t end);
/* Appends the perfect subtree of 2^level leaves that starts at range->end (which must be a multiple of 2^level). */
void range_add(struct range *range, int level, const struct hash *hash);
/* Appends `right`, which must begin where `left` ends.  An empty range merges with anything. */
void range_merge(struct range *left, const struct range *right);
/* The nodes folded from right to left; the range must not be empty. */
void range_fold(const struct range *range, struct hash *hash);
/* The root of the tree of leaves [0, end); begin must be 0. */
void range_root(const struct range *range, struct hash *root);

#endif
