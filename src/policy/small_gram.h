/* The small matrix on every rank: what pairs are measured from, and the dual system. */
#ifndef ASSAY_POLICY_SMALL_GRAM_H
#define ASSAY_POLICY_SMALL_GRAM_H

#include <mpi.h>
#include <stdbool.h>

#include "exact/rows.h"

/* X Xᵀ (n_row square) of rows that every rank has, or ZᵀZ, Z = [1 X] (1 + n_column square): row-major, both triangles,
 * every entry summed in order of its terms by one rank, zeros left out or not.  The caller owns it.  @collective comm
 */
double *small_gram_rows(MPI_Comm comm, const struct rows *x);
double *small_gram_columns(MPI_Comm comm, const struct rows *x);

#endif
