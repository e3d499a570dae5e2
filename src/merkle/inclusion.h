/* Inclusion proofs: a leaf is in a tree.   @source RFC 9162, section 2.1.3 */
#ifndef ASSAY_MERKLE_INCLUSION_H
#define ASSAY_MERKLE_INCLUSION_H

#include "merkle/merkle.h"

/* The hashes beside the path from leaf `index` to the root of the first `size` leaves, 0 <= index < size.
 * @local   @fails as the source does */
enum status inclusion_make(merkle_source *source, void *context, int64_t index, int64_t size,
                           struct merkle_proof *proof);

/* Whether `proof` leads from `leaf` at `index` to `root` of a tree of `size` leaves; not a hash more or less.  @local
 */
bool inclusion_holds(const struct merkle_proof *proof, const struct hash *leaf, int64_t index, int64_t size,
                     const struct hash *root);

#endif
