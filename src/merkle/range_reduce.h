/* Compact ranges of all ranks merged into one. */
#ifndef ASSAY_MERKLE_RANGE_REDUCE_H
#define ASSAY_MERKLE_RANGE_REDUCE_H

#include <mpi.h>

#include "merkle/range.h"

/* Ranks' ranges, adjacent in order of rank (empty ones allowed) and starting at leaf 0, to the root of all, on every
 * rank.  @collective comm */
void range_reduce(MPI_Comm comm, const struct range *range, struct hash *root);

#endif
