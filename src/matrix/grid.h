/* A grid of ranks for block-cyclic matrices. */
#ifndef ASSAY_MATRIX_GRID_H
#define ASSAY_MATRIX_GRID_H

#include <mpi.h>
#include <stdint.h>

/* n_row × n_column ranks of `comm`, row by row from rank 0; those beyond it take part in collective calls and hold
 * nothing. */
struct grid {
    MPI_Comm comm;                    /* borrowed */
    int handle, context;              /* of BLACS; context: −1 outside of the grid */
    int n_row, n_column, row, column; /* row, column: −1 outside of the grid */
};

/* The shape for n_rank ranks and a matrix of order n_global in blocks of `block`: as square as can be, columns ≤ rows
 * (the columns that are factored at a time are then shared by more ranks), and no row or column of the grid without a
 * block.  @local */
void grid_shape(int n_rank, int64_t n_global, int64_t block, int *n_row, int *n_column);
void grid_open(MPI_Comm comm, int n_row, int n_column, struct grid *grid); /* @collective comm */
void grid_close(struct grid *grid);                                        /* @collective grid->comm */

/* Block-cyclic arithmetic of one dimension.  @local */
int64_t cyclic_count(int64_t n, int64_t block, int place, int n_place); /* elements that a place holds; −1: none */
int cyclic_owner(int64_t global, int64_t block, int n_place);
int64_t cyclic_local(int64_t global, int64_t block, int n_place);
int64_t cyclic_global(int64_t local, int64_t block, int place, int n_place);

#endif
