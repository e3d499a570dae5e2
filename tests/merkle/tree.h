/* Small trees for tests: leaf i is the hash of the 8 bytes of i, big-endian. */
#ifndef ASSAY_TESTS_MERKLE_TREE_H
#define ASSAY_TESTS_MERKLE_TREE_H

#include "base/memory.h"
#include "merkle/merkle.h"

static inline void leaf_of(int64_t i, struct hash *leaf)
{
    uint8_t bytes[8];
    for (int k = 0; k < 8; k++)
        bytes[k] = (uint8_t)((uint64_t)i >> (56 - 8 * k));
    merkle_leaf(bytes, sizeof bytes, leaf);
}

/* n leaf hashes; the caller owns them. */
static inline struct hash *leaves_of(int64_t n)
{
    struct hash *leaves = memory_allocate(n, sizeof *leaves);
    for (int64_t i = 0; i < n; i++)
        leaf_of(i, &leaves[i]);
    return leaves;
}

/* The definition of RFC 9162, as it stands there: by recursion. */
static inline struct hash defined_root(const struct hash *leaves, int64_t n)
{
    struct hash left, right, node;
    if (n == 1)
        return leaves[0];
    int64_t k = 1;
    while (2 * k < n)
        k *= 2;
    left = defined_root(leaves, k);
    right = defined_root(leaves + k, n - k);
    merkle_node(&left, &right, &node);
    return node;
}

/* A merkle_source over an array of leaf hashes. */
static inline enum status leaf_source(void *leaves, int level, int64_t index, struct hash *hash)
{
    merkle_root((struct hash *)leaves + (index << level), (int64_t)1 << level, hash);
    return STATUS_OK;
}

/* A small generator: the tests must be the same everywhere. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
