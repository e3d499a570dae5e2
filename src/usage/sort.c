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

/* At most 2 × `wanted` of them, for the keys that there are. */
static struct buckets choose_buckets(const struct leaf *leaves, int64_t n, int64_t wanted)
{
    struct buckets buckets = {.least = UINT64_MAX};
    uint64_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t value = leading(&leaves[i]);
        buckets.least = value < buckets.least ? value : buckets.least;
        most = value > most ? value : most;
    }
    uint64_t span = most - buckets.least;
    while (span >> buckets.shift >> 1 >= (uint64_t)wanted)
        buckets.shift++;
    buckets.n = (int64_t)(span >> buckets.shift) + 1;
    return buckets;
}

static int64_t bucket_of(const struct buckets *buckets, const struct leaf *leaf)
{
    return (int64_t)((leading(leaf) - buckets->least) >> buckets->shift);
}

/* Leaves into `moved`, bucket after bucket; ends[b] becomes where bucket b ends. */
static void scatter(const struct leaf *leaves, int64_t n, const struct buckets *buckets, int64_t *ends,
                    struct leaf *moved)
{
    memset(ends, 0, (size_t)(buckets->n + 1) * sizeof *ends);
    for (int64_t i = 0; i < n; i++)
        ends[bucket_of(buckets, &leaves[i]) + 1]++;
    for (int64_t b = 0; b < buckets->n; b++)
        ends[b + 1] += ends[b];
    for (int64_t i = 0; i < n; i++)
        moved[ends[bucket_of(buckets, &leaves[i])]++] = leaves[i];
}

static void sort_few(struct leaf *leaves, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        struct leaf leaf = leaves[i];
        int64_t at = i;
        for (; at > 0 && leaf_compare(&leaves[at - 1], &leaf) > 0; at--)
            leaves[at] = leaves[at - 1];
        leaves[at] = leaf;
    }
}

/* Room to sort a group in, small enough to stay in a core's cache. */
enum { GROUP_MOST = 1 << 14, LEAVES_PER_BUCKET = 8 };
struct room {
    struct leaf leaves[GROUP_MOST];
    int64_t ends[2 * (GROUP_MOST / LEAVES_PER_BUCKET + 1) + 1];
};

/* A group of leaves in place.  Very many, or many in one bucket, share a content. */
static void sort_group(struct leaf *leaves, int64_t n, struct room *room)
{
    enum { FEW = 48 };
    if (n > GROUP_MOST) {
        qsort(leaves, (size_t)n, sizeof *leaves, leaf_compare);
        return;
    }
    if (n < 2)
        return;
    struct buckets buckets = choose_buckets(leaves, n, n / LEAVES_PER_BUCKET + 1);
    scatter(leaves, n, &buckets, room->ends, room->leaves);
    memcpy(leaves, room->leaves, (size_t)n * sizeof *leaves);
    for (int64_t b = 0, begin = 0; b < buckets.n; begin = room->ends[b++]) {
        int64_t n_bucket = room->ends[b] - begin;
        if (n_bucket > FEW)
            qsort(leaves + begin, (size_t)n_bucket, sizeof *leaves, leaf_compare);
        else
            sort_few(leaves + begin, n_bucket);
    }
}

struct leaf *leaves_sort(struct leaf *leaves, int64_t n)
{
    struct room *room = memory_allocate_raw(1, sizeof *room);
    if (n > GROUP_MOST) {
        struct buckets groups = choose_buckets(leaves, n, n / (GROUP_MOST / 2) + 1);
        int64_t *ends = memory_allocate(groups.n + 1, sizeof *ends);
        struct leaf *moved = memory_allocate_raw(n, sizeof *moved);
        scatter(leaves, n, &groups, ends, moved);
        memory_free(leaves);
        leaves = moved;
        for (int64_t g = 0, begin = 0; g < groups.n; begin = ends[g++])
            sort_group(leaves + begin, ends[g] - begin, room);
        memory_free(ends);
    } else {
        sort_group(leaves, n, room);
    }
    memory_free(room);
    return leaves;
}

static int part_of(const struct leaf *leaf, int n_group)
{
    return (int)((leading(leaf) >> 32) * (uint64_t)n_group >> 32);
}

struct leaf *leaves_part(struct leaf *leaves, int64_t n, int n_group, int64_t *counts)
{
    int64_t *places = memory_allocate(n_group, sizeof *places);
    struct leaf *moved = memory_allocate_raw(n, sizeof *moved);
    memset(counts, 0, (size_t)n_group * sizeof *counts);
    for (int64_t i = 0; i < n; i++)
        counts[part_of(&leaves[i], n_group)]++;
    for (int g = 1; g < n_group; g++)
        places[g] = places[g - 1] + counts[g - 1];
    for (int64_t i = 0; i < n; i++)
        moved[places[part_of(&leaves[i], n_group)]++] = leaves[i];
    memory_free(places);
    memory_free(leaves);
    return moved;
}
