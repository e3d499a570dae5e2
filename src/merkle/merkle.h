/* Merkle trees over SHA-256: hashes of leaves and nodes, and the root of a list of leaves.
 * @source RFC 9162, section 2.1 (the tree of RFC 6962) */
#ifndef ASSAY_MERKLE_MERKLE_H
#define ASSAY_MERKLE_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

struct hash {
    uint8_t bytes[DIGEST_BYTES];
};

bool hash_equal(const struct hash *a, const struct hash *b);

/* SHA-256(""), the root of a tree without leaves. */
void merkle_empty(struct hash *root);
/* SHA-256(0x00 ‖ entry) */
void merkle_leaf(const void *entry, size_t n, struct hash *leaf);
/* SHA-256(0x01 ‖ left ‖ right); `node` may be one of the two. */
void merkle_node(const struct hash *left, const struct hash *right, struct hash *node);
/* The root of n >= 0 leaf hashes. */
void merkle_root(const struct hash *leaves, int64_t n, struct hash *root);

/* The largest power of two strictly below n, for n >= 2: where a tree of n leaves splits. */
int64_t merkle_split(int64_t n);

/* Where the hashes of a tree come from: the root of the perfect subtree over leaves [index 2^level, (index + 1)
 * 2^level).
 * @local   @fails as the source says */
typedef enum status merkle_source(void *context, int level, int64_t index, struct hash *hash);

/* The root of leaves [begin, end), 0 <= begin < end, as a subtree of a larger tree (begin is a multiple of a power of
 * two that is at least end - begin).  @local   @fails as the source does */
enum status merkle_span(merkle_source *source, void *context, int64_t begin, int64_t end, struct hash *root);

/* A proof never needs more hashes than this, for sizes up to 2^63 − 1. */
enum { MERKLE_MAX_PROOF = 65 };

struct merkle_proof {
    int n;
    struct hash hashes[MERKLE_MAX_PROOF];
};

/* Appends the hash of a span to a proof.  @local   @fails as the source does */
enum status merkle_proof_add(struct merkle_proof *proof, merkle_source *source, void *context, int64_t begin,
                             int64_t end);

#endif
