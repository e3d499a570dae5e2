#include "matrix/grid.h"

#include "base/status.h"
#include "matrix/scalapack.h"

void grid_shape(int n_rank, int64_t n_global, int64_t block, int *n_row, int *n_column)
{
    ASSERT(n_rank > 0 && n_global > 0 && block > 0);
    int64_t n_block = (n_global - 1) / block + 1;
    int columns = 1;
    while ((int64_t)(columns + 1) * (columns + 1) <= n_rank)
        columns++;
    columns = columns < n_block ? columns : (int)n_block;
    int rows = n_rank / columns;
    *n_row = rows < n_block ? rows : (int)n_block;
    *n_column = columns;
}

void grid_open(MPI_Comm comm, int n_row, int n_column, struct grid *grid)
{
    int n_rank;
    MPI_Comm_size(comm, &n_rank);
    ASSERT(n_row > 0 && n_column > 0 && n_row <= n_rank / n_column);
    *grid = (struct grid){.comm = comm, .n_row = n_row, .n_column = n_column, .row = -1, .column = -1};
    grid->handle = Csys2blacs_handle(comm);
    grid->context = grid->handle;
    Cblacs_gridinit(&grid->context, "Row-major", n_row, n_column);
    if (grid->context >= 0)
        Cblacs_gridinfo(grid->context, &n_row, &n_column, &grid->row, &grid->column);
}

void grid_close(struct grid *grid)
{
    if (grid->context >= 0)
        Cblacs_gridexit(grid->context);
    Cfree_blacs_system_handle(grid->handle);
    grid->context = -1;
}
