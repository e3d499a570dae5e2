/* Rows of equal length that ranks make in contiguous shares. */
#ifndef ASSAY_REFERENCE_ROW_SHARE_H
#define ASSAY_REFERENCE_ROW_SHARE_H

#include <mpi.h>
#include <stdint.h>

/* Where the share of a rank begins; that of rank `size` is n.  @local */
int64_t row_share_first(int64_t n, int rank, int size);

/* n rows of `bytes` bytes each, of which every rank has its share in `mine`, to `all` on rank `root` (not looked at
 * elsewhere).  @collective comm */
void row_share_gather(MPI_Comm comm, int64_t n, int64_t bytes, const void *mine, int root, void *all);

#endif
