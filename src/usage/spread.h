/* All ranks' leaves in one order, each rank with its part. */
#ifndef ASSAY_USAGE_SPREAD_H
#define ASSAY_USAGE_SPREAD_H

#include <mpi.h>

#include "usage/leaf.h"

/* Leaves whose hashes make one node that is stored. */
enum { GROUP_LEAVES = 256, GROUP_LEVEL = 8 };

/* Leaves of part `part` of n_part, of `total`: whole groups but for the last, about as many as others have.  @local */
int64_t leaves_begin(int64_t total, int n_part, int part);

/* Takes this rank's leaves in any order (from memory_allocate), and gives it those of its part in the order of the
 * tree, which the caller owns; *begin is the number of the first, *total that of all.  @collective comm */
struct leaf *leaves_spread(MPI_Comm comm, struct leaf *leaves, int64_t *n, int64_t *begin, int64_t *total);

#endif
