/* Prints a digest of solutions: kernels.py compares those of different BLAS kernels, grids and numbers of threads. */
#include <mpi.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/text.h"
#include "matrix/system.h"
#include "problem.h"

enum { ORDER = 300, SIDES = 6 };

int main(int argc, char **argv)
{
    int rank, n_rank, n_row, n_column;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_rank);
    struct problem problem = problem_gram(ORDER, ORDER / 3, 0.5, SIDES);
    struct grid grid;
    grid_shape(n_rank, ORDER, 32, &n_row, &n_column);
    grid_open(MPI_COMM_WORLD, n_row, n_column, &grid);
    struct system *system = system_create(&grid, ORDER, 32);
    system_set(system, problem.first);
    double *x = memory_allocate(SIDES * ORDER, sizeof *x);
    enum status status = system_factor(system, problem.diagonal, NULL);
    if (status == STATUS_OK)
        status = system_solve(system, SIDES, problem.b, problem.b_low, x);
    if (rank == 0) {
        uint8_t sha256[DIGEST_BYTES];
        char hex[2 * DIGEST_BYTES + 1];
        digest_of(x, SIDES * ORDER * sizeof *x, sha256);
        hex_encode(sha256, DIGEST_BYTES, hex);
        printf("%s\n%a\n", status == STATUS_OK ? hex : failure_sentence(), system_condition(system));
    }
    memory_free(x);
    system_destroy(system);
    grid_close(&grid);
    problem_clear(&problem);
    MPI_Finalize();
    return (int)status;
}
