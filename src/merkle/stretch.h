/* Stretch proofs: some leaves that lie side by side are in a tree, at these places.  One leaf needs no more hashes than
 * an inclusion proof has, and two neighbours at most twice as many. */
#ifndef ASSAY_MERKLE_STRETCH_H
#define ASSAY_MERKLE_STRETCH_H

#include "merkle/merkle.h"

enum { STRETCH_MAX_PROOF = 2 * MERKLE_MAX_PROOF };

struct stretch_proof {
    int n;
    struct hash hashes[STRETCH_MAX_PROOF];
};

/* The roots of the largest subtrees that hold no leaf of [begin, end), from left to right; 0 <= begin < end <= size.
 * @local   @fails as the source does */
enum status stretch_make(merkle_source *source, void *context, int64_t begin, int64_t end, int64_t size,
                         struct stretch_proof *proof);

/* Whether leaves[0 … end − begin) are leaves [begin, end) of the tree of `size` leaves with this root; not a hash more
 * or less.  @local */
bool stretch_holds(const struct stretch_proof *proof, const struct hash *leaves, int64_t begin, int64_t end,
                   int64_t size, const struct hash *root);

#endif
