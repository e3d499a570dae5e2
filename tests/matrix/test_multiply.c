/* S x is exact to some 2^−140 of Σ|S_ij x_j|, however much cancels, on every grid: compared with exact sums. */
#include <math.h>
#include <mpi.h>

#include "base/memory.h"
#include "check.h"
#include "exact/random.h"
#include "exact/sum.h"
#include "matrix/multiply.h"
#include "matrix/system_parts.h"

static int rank, n_rank;

/* A number of two doubles whose second one is as large as it may be. */
static void draw(uint64_t *state, double *first, double *second)
{
    *first = random_scaled(state, -8, 8);
    int e;
    frexp(*first, &e);
    *second = ldexp(random_double(state), e - 54);
}

/* What the tests know of S: both parts, n × n, symmetric, on every rank. */
struct known {
    int64_t n;
    double *first, *second;
};

static struct known known_create(int64_t n, uint64_t seed)
{
    struct known known = {n, memory_allocate(n * n, sizeof(double)), memory_allocate(n * n, sizeof(double))};
    uint64_t state = seed;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            draw(&state, &known.first[i * n + j], &known.second[i * n + j]);
            known.first[j * n + i] = known.first[i * n + j];
            known.second[j * n + i] = known.second[i * n + j];
        }
    return known;
}

static void known_clear(struct known *known)
{
    memory_free(known->first);
    memory_free(known->second);
}

static struct system *system_of(const struct known *known, const struct grid *grid, int64_t block)
{
    struct system *system = system_create(grid, known->n, block);
    for (int64_t j = 0; j < system->n_local_column; j++)
        for (int64_t i = system_row_below(system, system->column[j] - 1); i < system->n_local_row; i++) {
            int64_t at = system->row[i] * known->n + system->column[j];
            system->first[i + j * system->stride] = known->first[at];
            system->second[i + j * system->stride] = known->second[at];
        }
    return system;
}

static void add_exactly(struct sum *sum, double a, double b)
{
    double product, error;
    two_product(a, b, &product, &error);
    CHECK(sum_add_double(sum, product) && sum_add_double(sum, error));
}

/* The difference from the exact sum, in units of the sum of magnitudes. */
static double error_of(const struct known *known, int64_t i, const double *high, const double *low,
                       const struct triple *found)
{
    struct sum sum = {{0}};
    double magnitude = 0;
    for (int64_t j = 0; j < known->n; j++) {
        const double first = known->first[i * known->n + j], second = known->second[i * known->n + j];
        add_exactly(&sum, first, high[j]);
        add_exactly(&sum, first, low[j]);
        add_exactly(&sum, second, high[j]);
        add_exactly(&sum, second, low[j]);
        magnitude += fabs(first * high[j]);
    }
    for (int p = 0; p < 3; p++)
        CHECK(sum_add_double(&sum, -found->part[p]));
    return fabs(sum_value(&sum)) / magnitude;
}

/* Vectors of two doubles; those of odd number are chosen so that row 0 of S x almost vanishes. */
static void draw_sides(const struct known *known, int64_t n_side, double *high, double *low)
{
    const int64_t n = known->n;
    uint64_t state = 77;
    for (int64_t s = 0; s < n_side; s++) {
        double rest = 0;
        for (int64_t i = 0; i < n; i++) {
            draw(&state, &high[s * n + i], &low[s * n + i]);
            rest += i > 0 ? known->first[i] * high[s * n + i] : 0;
        }
        if (s % 2 == 1)
            high[s * n] = -rest / known->first[0];
    }
}

static void check_product(int64_t n, int64_t n_side, int64_t block)
{
    struct known known = known_create(n, (uint64_t)n);
    double *high = memory_allocate(n_side * n, sizeof *high), *low = memory_allocate(n_side * n, sizeof *low);
    struct triple *product = memory_allocate(n_side * n, sizeof *product);
    draw_sides(&known, n_side, high, low);
    struct grid grid;
    int n_row, n_column;
    grid_shape(n_rank, n, block, &n_row, &n_column);
    grid_open(MPI_COMM_WORLD, n_row, n_column, &grid);
    struct system *system = system_of(&known, &grid, block);
    system_multiply(system, n_side, high, low, product);
    double worst = 0;
    for (int64_t s = 0; s < n_side && rank == 0; s++)
        for (int64_t i = 0; i<n; i += n> 500 ? 7 : 1) {
            double error = error_of(&known, i, high + s * n, low + s * n, &product[s * n + i]);
            worst = error > worst ? error : worst;
        }
    CHECK(worst < 0x1p-140);
    if (rank == 0)
        printf("order %lld, blocks of %lld: wrong by 2^%.1f at most\n", (long long)n, (long long)block, log2(worst));
    system_destroy(system);
    grid_close(&grid);
    known_clear(&known);
    memory_free(high);
    memory_free(low);
    memory_free(product);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_rank);
    check_product(1, 1, 4);
    check_product(3, 2, 64);
    check_product(70, 5, 1);
    check_product(201, 4, 16);
    check_product(1200, 2, 64); /* more rows than are taken at once */
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
