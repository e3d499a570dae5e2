/* Consistency proofs: a tree only grew.   @source RFC 9162, section 2.1.4 */
#ifndef ASSAY_MERKLE_CONSISTENCY_H
#define ASSAY_MERKLE_CONSISTENCY_H

#include "merkle/merkle.h"

/* The hashes that show that the first `old_size` leaves are the same in the tree of `size` leaves,
 * 0 < old_size <= size.  @local   @fails as the source does */
enum status consistency_make(merkle_source *source, void *context, int64_t old_size, int64_t size,
                             struct merkle_proof *proof);

/* Whether `proof` shows it.  An old size of 0 is refused: every tree extends the empty one, so that nothing would be
 * shown; equal sizes take an empty proof and equal roots.  @local */
bool consistency_holds(const struct merkle_proof *proof, int64_t old_size, const struct hash *old_root, int64_t size,
                       const struct hash *root);

#endif
