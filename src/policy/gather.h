/* From the ranks that have parts of something to all of them. */
#ifndef ASSAY_POLICY_GATHER_H
#define ASSAY_POLICY_GATHER_H

#include <mpi.h>
#include <stdint.h>

#include "exact/rows.h"

/* n doubles of which each rank has filled some, every entry by at most one rank, and left 0 elsewhere: all of them on
 * every rank, bit for bit.  @collective comm */
void gather_values(MPI_Comm comm, double *values, int64_t n);

/* Appends the rows that rank `root` has in `block` to `all` on every rank; elsewhere `block` is not looked at (it may
 * be NULL).  All are of the same kind and width.  @collective comm */
void gather_rows(MPI_Comm comm, int root, const struct rows *block, struct rows *all);

#endif
