/* Speed of a block-cyclic system: the Cholesky factor as a share of what dgemm reaches on all ranks at once, the whole
 * of system_factor (condition estimate included), one exact residual, and a whole solution; medians of 5.
 *
 * Usage: mpirun -n RANKS bench_matrix [ORDER [BLOCK]], with OPENBLAS_NUM_THREADS=1 for one core per rank. */
#include <cblas.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "matrix/multiply.h"
#include "matrix/system_parts.h"

enum { REPEATS = 5, PEAK_ORDER = 2048 };

static int rank, n_rank;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times)
{
    qsort(times, REPEATS, sizeof *times, compare);
    return times[REPEATS / 2];
}

/* All ranks start together, and the slowest counts. */
static double begin(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    return MPI_Wtime();
}

static double end(double start)
{
    double time = MPI_Wtime() - start;
    MPI_Allreduce(MPI_IN_PLACE, &time, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return time;
}

static double random_double(uint64_t *state)
{
    *state = *state * 6364136223846793005 + 1442695040888963407;
    return (double)(int64_t)*state * 0x1p-63;
}

/* Gflop/s of all ranks. */
static double dgemm_peak(void)
{
    const int n = PEAK_ORDER;
    double *a = memory_allocate((int64_t)n * n, sizeof *a), *b = memory_allocate((int64_t)n * n, sizeof *b);
    double *c = memory_allocate((int64_t)n * n, sizeof *c), times[REPEATS];
    uint64_t state = 1;
    for (int i = 0; i < n * n; i++) {
        a[i] = random_double(&state);
        b[i] = random_double(&state);
    }
    for (int r = 0; r < REPEATS; r++) {
        double start = begin();
        cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, n, n, n, 1, a, n, b, n, 0, c, n);
        times[r] = end(start);
    }
    memory_free(a);
    memory_free(b);
    memory_free(c);
    return 2e-9 * n * (double)n * n / median(times) * n_rank;
}

/* Random entries, and a diagonal that makes it positive definite; no rank holds the whole of it. */
static void fill(struct system *system)
{
    for (int64_t j = 0; j < system->n_local_column; j++)
        for (int64_t i = system_row_below(system, system->column[j] - 1); i < system->n_local_row; i++) {
            uint64_t state = (uint64_t)(system->row[i] * system->n + system->column[j]);
            random_double(&state);
            system->first[i + j * system->stride] = random_double(&state);
            system->second[i + j * system->stride] = 0x1p-55 * random_double(&state);
        }
}

static void say(const char *what, double time)
{
    if (rank == 0)
        printf("%-28s %9.3f s\n", what, time);
}

/* The factor alone, from what system_factor would have filled in. */
static double time_of_cholesky(struct system *system, double diagonal)
{
    double times[REPEATS];
    int pivot = 0;
    for (int r = 0; r < REPEATS; r++) {
        for (int64_t k = 0; k < system->stride * system->n_local_column; k++)
            system->factor[k] = system->first[k];
        for (int64_t j = 0; j < system->n_local_column; j++) {
            int64_t i = system_row_below(system, system->column[j] - 1);
            if (i < system->n_local_row && system->row[i] == system->column[j])
                system->factor[i + j * system->stride] += diagonal;
        }
        double start = begin();
        if (system->grid.context >= 0)
            pivot = system_cholesky(system);
        times[r] = end(start);
        ASSERT(pivot == 0);
    }
    return median(times);
}

static double time_of_factor(struct system *system, double lambda)
{
    double *diagonal = memory_allocate(system->n, sizeof *diagonal), times[REPEATS];
    for (int64_t i = 0; i < system->n; i++)
        diagonal[i] = lambda;
    for (int r = 0; r < REPEATS; r++) {
        double start = begin();
        enum status status = system_factor(system, diagonal, NULL);
        times[r] = end(start);
        ASSERT(status == STATUS_OK);
    }
    memory_free(diagonal);
    return median(times);
}

static double time_of_residual(const struct system *system, int64_t n_side, const double *x)
{
    double *low = memory_allocate(n_side * system->n, sizeof *low), times[REPEATS];
    struct triple *product = memory_allocate(n_side * system->n, sizeof *product);
    for (int r = 0; r < REPEATS; r++) {
        double start = begin();
        system_multiply(system, n_side, x, low, product);
        times[r] = end(start);
    }
    memory_free(low);
    memory_free(product);
    return median(times);
}

static double time_of_solve(const struct system *system, int64_t n_side, const double *b)
{
    double *x = memory_allocate(n_side * system->n, sizeof *x), times[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        double start = begin();
        enum status status = system_solve(system, n_side, b, NULL, x);
        times[r] = end(start);
        ASSERT(status == STATUS_OK);
    }
    memory_free(x);
    return median(times);
}

static void bench_sides(const struct system *system, int64_t n_side)
{
    double *b = memory_allocate(n_side * system->n, sizeof *b);
    char what[64];
    uint64_t state = 2;
    for (int64_t i = 0; i < n_side * system->n; i++)
        b[i] = random_double(&state);
    snprintf(what, sizeof what, "residual of %lld side(s)", (long long)n_side);
    say(what, time_of_residual(system, n_side, b));
    snprintf(what, sizeof what, "solution of %lld side(s)", (long long)n_side);
    say(what, time_of_solve(system, n_side, b));
    memory_free(b);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_rank);
    const int64_t n = argc > 1 ? strtoll(argv[1], NULL, 10) : 8192, block = argc > 2 ? strtoll(argv[2], NULL, 10) : 128;
    if (n < 1 || block < 1) {
        fprintf(stderr, "usage: bench_matrix [ORDER [BLOCK]]\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    const double peak = dgemm_peak();
    struct grid grid;
    int n_row, n_column;
    grid_shape(n_rank, n, block, &n_row, &n_column);
    grid_open(MPI_COMM_WORLD, n_row, n_column, &grid);
    struct system *system = system_create(&grid, n, block);
    fill(system);
    if (rank == 0)
        printf("order %lld, blocks of %lld, %d x %d of %d ranks, %.1f MiB planned per rank\n", (long long)n,
               (long long)block, n_row, n_column, n_rank, (double)system_bytes(n_row, n_column, n, block) / 0x1p20);
    const double time = time_of_cholesky(system, (double)n);
    const double speed = 1e-9 * (double)n * (double)n * (double)n / 3 / time;
    say("Cholesky", time);
    if (rank == 0)
        printf("%-28s %9.1f Gflop/s of %.1f with dgemm: %.3f\n", "", speed, peak, speed / peak);
    say("system_factor", time_of_factor(system, (double)n));
    if (rank == 0)
        printf("%-28s %9.2g\n", "condition", system_condition(system));
    bench_sides(system, 1);
    bench_sides(system, 10);
    system_destroy(system);
    grid_close(&grid);
    MPI_Finalize();
    return 0;
}
