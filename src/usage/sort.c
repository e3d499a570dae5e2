#include "usage/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The first 8 bytes of a key as a number. */
static uint64_t leading(const struct leaf *leaf)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | leaf->key[i];
    return value;
}

/* Buckets that keep the order: a leaf's bucket is (leading − least) >> shift. */
struct buckets {
    uint64_t least;
    int shift;
    int64_t n;
};

static struct buckets choose_buckets(const struct leaf *leaves, int64_t n)
{
    enum { LEAVES_PER_BUCKET = 8 };
    struct buckets buckets = {.least = UINT64_MAX};
    uint64_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t value = leading(&leaves[i]);
        buckets.least = value < buckets.least ? value : buckets.least;
        most = value > most ? value : most;
    }
    uint64_t span = most - buckets.least;
    while (buckets.shift < 63 && (int64_t)(span >> buckets.shift >> 1) >= n / LEAVES_PER_BUCKET)
        buckets.shift++;
    buckets.n = (int64_t)(span >> buckets.shift) + 1;
    return buckets;
}

/* Moves each leaf to its group's place, in the order in which they come; starts[g] is where group g begins, and is
 * moved on to where it ends. */
static struct leaf *scatter(struct leaf *leaves, int64_t n, int64_t *starts,
                            int64_t (*group_of)(const void *context, const struct leaf *leaf), const void *context)
{
    struct leaf *moved = memory_allocate_raw(n, sizeof *moved);
    for (int64_t i = 0; i < n; i++)
        moved[starts[group_of(context, &leaves[i])]++] = leaves[i];
    memory_free(leaves);
    return moved;
}

static int64_t bucket_of(const void *context, const struct leaf *leaf)
{
    const struct buckets *buckets = context;
    return (int64_t)((leading(leaf) - buckets->least) >> buckets->shift);
}

/* A few leaves are in order at once; many of one bucket share a content. */
static void sort_bucket(struct leaf *leaves, int64_t n)
{
    enum { FEW = 48 };
    if (n > FEW) {
        qsort(leaves, (size_t)n, sizeof *leaves, leaf_compare);
        return;
    }
    for (int64_t i = 1; i < n; i++) {
        struct leaf leaf = leaves[i];
        int64_t at = i;
        for (; at > 0 && leaf_compare(&leaves[at - 1], &leaf) > 0; at--)
            leaves[at] = leaves[at - 1];
        leaves[at] = leaf;
    }
}

struct leaf *leaves_sort(struct leaf *leaves, int64_t n)
{
    if (n < 2)
        return leaves;
    struct buckets buckets = choose_buckets(leaves, n);
    int64_t *starts = memory_allocate(buckets.n + 1, sizeof *starts); /* of the bucket before, after scattering */
    for (int64_t i = 0; i < n; i++)
        starts[bucket_of(&buckets, &leaves[i]) + 1]++;
    for (int64_t b = 0; b < buckets.n; b++)
        starts[b + 1] += starts[b];
    leaves = scatter(leaves, n, starts, bucket_of, &buckets);
    for (int64_t b = 0; b < buckets.n; b++)
        sort_bucket(leaves + (b > 0 ? starts[b - 1] : 0), starts[b] - (b > 0 ? starts[b - 1] : 0));
    memory_free(starts);
    return leaves;
}

static int64_t part_of(const void *context, const struct leaf *leaf)
{
    const int *n_group = context;
    return (int64_t)((leading(leaf) >> 32) * (uint64_t)*n_group >> 32);
}

struct leaf *leaves_part(struct leaf *leaves, int64_t n, int n_group, int64_t *counts)
{
    int64_t *starts = memory_allocate(n_group, sizeof *starts);
    memset(counts, 0, (size_t)n_group * sizeof *counts);
    for (int64_t i = 0; i < n; i++)
        counts[part_of(&n_group, &leaves[i])]++;
    for (int g = 1; g < n_group; g++)
        starts[g] = starts[g - 1] + counts[g - 1];
    leaves = scatter(leaves, n, starts, part_of, &n_group);
    memory_free(starts);
    return leaves;
}
