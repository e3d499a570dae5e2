/* Leaves in the order of their keys, which are digests and so spread evenly: buckets do nearly all of the work. */
#ifndef ASSAY_USAGE_SORT_H
#define ASSAY_USAGE_SORT_H

#include "usage/leaf.h"

/* The n leaves in order; takes `leaves` (from memory_allocate) and gives back a list that the caller owns.  Needs room
 * for both for a while.  @local */
struct leaf *leaves_sort(struct leaf *leaves, int64_t n);

/* The leaves in groups: group g of n_group, those whose key is in its equal part of all keys, has counts[g] of them.
 * Takes and gives like leaves_sort.  @local */
struct leaf *leaves_part(struct leaf *leaves, int64_t n, int n_group, int64_t *counts);

#endif
