/* From the ranks that have parts of something to all of them. */
#ifndef ASSAY_POLICY_GATHER_H
#define ASSAY_POLICY_GATHER_H

#include <mpi.h>
#include <stdint.h>

#include "exact/rows.h"

/* Appends the rows that rank `root` has in `block` to `all` on every rank; elsewhere `block` is not looked at (it may
 * be NULL).  All are of the same kind and width.  @collective comm */
void gather_rows(MPI_Comm comm, int root, const struct rows *block, struct rows *all);

#endif
