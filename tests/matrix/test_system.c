/* Solutions have the bits that quadruple precision gives them, on every grid, for every block size, with rows left out
 * and any number of sides; what cannot be solved is refused on all ranks with the same sentence. */
#include <math.h>
#include <mpi.h>

#include "check.h"
#include "comm/agree.h"
#include "matrix/system.h"
#include "problem.h"

static int rank, n_rank;

static struct system *system_of(const struct problem *problem, const struct grid *grid, int64_t block)
{
    struct system *system = system_create(grid, problem->n, block);
    system_set(system, problem->first);
    return system;
}

static void check_on_grid(const struct problem *problem, const struct grid *grid, int64_t block, const double *expected)
{
    const int64_t n_entry = problem->n_side * problem->n;
    struct system *system = system_of(problem, grid, block);
    double *x = memory_allocate(n_entry, sizeof *x);
    CHECK(system_factor(system, problem->diagonal, problem->kept) == STATUS_OK);
    CHECK(system_solve(system, problem->n_side, problem->b, problem->b_low, x) == STATUS_OK);
    CHECK(memcmp(x, expected, (size_t)n_entry * sizeof *x) == 0);
    memory_free(x);
    system_destroy(system);
}

static void check_on(MPI_Comm comm, int n_row, int64_t block, const struct problem *problem, const double *expected)
{
    struct grid grid;
    int n;
    MPI_Comm_size(comm, &n);
    grid_open(comm, n_row, n / n_row, &grid); /* 2 × 3 of 7 ranks: one is outside */
    check_on_grid(problem, &grid, block, expected);
    grid_close(&grid);
}

/* On grids of all ranks, and on rank 0 alone. */
static void check_problem(const char *name, const struct problem *problem)
{
    const long failed = checks_failed;
    double *expected =
        rank == 0 ? problem_solve(problem) : memory_allocate(problem->n_side * problem->n, sizeof *expected);
    MPI_Bcast(expected, to_int(problem->n_side * problem->n), MPI_DOUBLE, 0, MPI_COMM_WORLD);
    for (int n_row = 1; n_row <= 3 && n_row <= n_rank; n_row++)
        check_on(MPI_COMM_WORLD, n_row, n_row == 2 ? 8 : 3, problem, expected);
    check_on(MPI_COMM_WORLD, 1, 32, problem, expected);
    if (problem->n < 20)
        check_on(MPI_COMM_WORLD, 1, 1, problem, expected);
    if (rank == 0)
        check_on(MPI_COMM_SELF, 1, 16, problem, expected);
    memory_free(expected);
    if (checks_failed > failed)
        fprintf(stderr, "rank %d: %s of order %lld\n", rank, name, (long long)problem->n);
}

static void test_solutions(void)
{
    struct problem problem = problem_gram(1, 1, 1, 1);
    check_problem("one entry", &problem);
    problem_clear(&problem);
    problem = problem_gram(5, 9, 0.5, 3);
    check_problem("fewer rows than ranks have blocks", &problem);
    problem_clear(&problem);
    problem = problem_gram(100, 200, 1, 4);
    check_problem("full rank", &problem);
    problem_clear(&problem);
    problem = problem_gram(90, 30, 0.1, 2); /* condition about 1e8 */
    check_problem("deficient rank", &problem);
    problem_clear(&problem);
    problem = problem_gram(40, 39, 1e-5, 2); /* condition about 1e12 */
    check_problem("deficient rank, tiny ridge", &problem);
    problem_clear(&problem);
}

/* Rounded to doubles: nearly singular, and what was taken is what must be solved. */
static void test_hilbert(void)
{
    for (int64_t n = 4; n <= 10; n += 2) { /* condition up to 2e13 */
        struct problem problem = problem_hilbert(n, 2);
        memset(problem.second, 0, (size_t)(n * n) * sizeof(double));
        check_problem("Hilbert", &problem);
        problem_clear(&problem);
    }
}

/* Solutions that are simple numbers stay so.  The right-hand sides are exact: integers times a power of two each, the
 * small ones in b_low. */
static void test_simple_solutions(void)
{
    enum { N = 60, SIDES = 3 };
    struct problem problem = problem_gram(N, 80, 2, SIDES);
    double simple[SIDES][N];
    for (int j = 0; j < N; j++) {
        simple[0][j] = 1;
        simple[1][j] = j == 0 ? 1 : 0x1p-40; /* half of the quantum */
        simple[2][j] = j % 2 == 0 ? 0.5 : -0.25;
    }
    memset(problem.b, 0, SIDES * N * sizeof(double));
    memset(problem.b_low, 0, SIDES * N * sizeof(double));
    for (int s = 0; s < SIDES; s++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                double entry = problem.first[i * N + j] + (i == j ? problem.diagonal[i] : 0);
                double *part = simple[s][j] < 0x1p-30 && simple[s][j] > 0 ? problem.b_low : problem.b;
                part[s * N + i] += entry * simple[s][j];
            }
    double *expected = problem_solve(&problem);
    for (int j = 0; j < N; j++) {
        CHECK(expected[j] == 1 && expected[2 * N + j] == simple[2][j]);
        CHECK(expected[N + j] == (j == 0 ? 1 : 0));
    }
    memory_free(expected);
    check_problem("simple solutions", &problem);
    problem_clear(&problem);
}

/* Rows left out: the same bits as the smaller system, and the right-hand side where they are. */
static void test_kept(void)
{
    const int64_t n = 50;
    struct problem problem = problem_gram(n, 30, 0.25, 2), smaller = problem_create(n - n / 3 - 1, 2, 1);
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        problem.kept[i] = i % 3 != 0;
    for (int64_t i = 0; i < n; i++) {
        if (!problem.kept[i]) {
            problem.b[i] = 1e9; /* must not count for the quantum */
            problem.diagonal[i] = NAN;
            continue;
        }
        int64_t k = 0;
        for (int64_t j = 0; j < n; j++)
            if (problem.kept[j])
                smaller.first[m * smaller.n + k++] = problem.first[i * n + j];
        smaller.diagonal[m] = problem.diagonal[i];
        for (int64_t s = 0; s < 2; s++) {
            smaller.b[s * smaller.n + m] = problem.b[s * n + i];
            smaller.b_low[s * smaller.n + m] = problem.b_low[s * n + i];
        }
        m++;
    }
    CHECK(m == smaller.n);
    check_problem("rows left out", &problem);
    double *whole = problem_solve(&problem), *part = problem_solve(&smaller);
    for (int64_t s = 0; s < 2; s++)
        for (int64_t i = 0, k = 0; i < n; i++)
            CHECK(whole[s * n + i] == (problem.kept[i] ? part[s * m + k++] : problem.b[s * n + i]));
    memory_free(whole);
    memory_free(part);
    problem_clear(&problem);
    problem_clear(&smaller);
    problem = problem_gram(4, 9, 1, 1);
    memset(problem.kept, 0, 4);
    check_problem("all rows left out", &problem);
    problem_clear(&problem);
}

/* The condition is that of the rows that are kept, whatever the size of their entries. */
static void test_condition(const struct grid *grid)
{
    struct problem problem = problem_create(6, 1, 1);
    for (int64_t i = 0; i < 6; i++)
        problem.first[i * 7] = i == 0 ? 0x1p-60 : 1000 * (double)(i + 1);
    problem.kept[0] = 0;
    struct system *system = system_of(&problem, grid, 2);
    CHECK(system_factor(system, problem.diagonal, problem.kept) == STATUS_OK);
    CHECK(fabs(system_condition(system) - 3) < 1e-9);
    CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
    CHECK(fabs(system_condition(system) / (6000 * 0x1p60) - 1) < 1e-9);
    double x[6];
    CHECK_FAILS(system_solve(system, 1, problem.b, NULL, x), NOT_CONVERGED, "condition 6.9e+21 (estimated)");
    system_destroy(system);
    problem_clear(&problem);
}

/* The inverse of a Hilbert matrix has integers for entries, so that its condition is known. */
static void test_known_condition(const struct grid *grid)
{
    const double known[] = {0, 1, 27, 748, 28375, 943656, 29070279};
    for (int64_t n = 1; n <= 6; n++) {
        struct problem problem = problem_hilbert(n, 1);
        struct system *system = system_of(&problem, grid, 2);
        CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
        CHECK(fabs(system_condition(system) / known[n] - 1) < 1e-6);
        system_destroy(system);
        problem_clear(&problem);
    }
}

/* More sides than are solved at once, with and without low parts, zero among them: each as by itself. */
static void test_many_sides(const struct grid *grid)
{
    enum { N = 12, SIDES = 150 };
    struct problem problem = problem_gram(N, 20, 1, SIDES);
    memset(problem.b + 70 * N, 0, N * sizeof(double));
    memset(problem.b_low, 0, SIDES * N * sizeof(double));
    for (int i = 0; i < N; i++) {
        problem.b[3 * N + i] *= 0x1p900;
        problem.b[4 * N + i] *= 0x1p-900;
    }
    double *expected = problem_solve(&problem), x[SIDES * N], one[N];
    struct system *system = system_of(&problem, grid, 4);
    CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
    CHECK(system_solve(system, SIDES, problem.b, NULL, x) == STATUS_OK);
    CHECK(memcmp(x, expected, sizeof x) == 0);
    for (int64_t s = 0; s < SIDES; s += 10) {
        CHECK(system_solve(system, 1, problem.b + s * N, problem.b_low + s * N, one) == STATUS_OK);
        CHECK(memcmp(one, x + s * N, sizeof one) == 0);
    }
    CHECK(system_solve(system, 0, NULL, NULL, NULL) == STATUS_OK);
    memory_free(expected);
    system_destroy(system);
    problem_clear(&problem);
}

/* The same system again with another ridge, then another matrix. */
static void test_again(const struct grid *grid)
{
    struct problem problem = problem_gram(30, 10, 100, 1), other = problem_gram(30, 40, 3, 1);
    struct system *system = system_of(&problem, grid, 8);
    double x[30];
    for (int round = 0; round < 3; round++) {
        const struct problem *now = round < 2 ? &problem : &other;
        for (int64_t i = 0; i < 30; i++)
            problem.diagonal[i] = round == 0 ? 100 : 7;
        system_set(system, now->first);
        CHECK(system_factor(system, now->diagonal, NULL) == STATUS_OK);
        CHECK(system_solve(system, 1, now->b, now->b_low, x) == STATUS_OK);
        double *expected = problem_solve(now);
        CHECK(memcmp(x, expected, sizeof x) == 0);
        memory_free(expected);
    }
    double *whole = memory_allocate(900, sizeof *whole);
    system_gather(system, whole);
    CHECK(memcmp(whole, other.first, 900 * sizeof *whole) == 0);
    memory_free(whole);
    system_destroy(system);
    problem_clear(&problem);
    problem_clear(&other);
}

static void check_refused(const struct grid *grid, const struct problem *problem, const char *part)
{
    struct system *system = system_of(problem, grid, 4);
    CHECK_FAILS(system_factor(system, problem->diagonal, NULL), NOT_CONVERGED, part);
    system_destroy(system);
}

/* Wherever a pivot fails, all ranks of the grid hear of it, and of the first one. */
static void test_pivots(const struct grid *grid)
{
    struct problem problem = problem_gram(20, 30, 1, 1);
    for (int64_t i = 19; i >= 0; i--) {
        char part[64];
        problem.diagonal[i] = -1e12;
        snprintf(part, sizeof part, "not positive definite: pivot %d (row %d from 0)", (int)i + 1, (int)i);
        check_refused(grid, &problem, part);
    }
    problem_clear(&problem);
}

static void test_refused(const struct grid *grid)
{
    struct problem problem = problem_gram(20, 30, 1, 1);
    double x[20];
    problem.diagonal[13] = -1e12;
    check_refused(grid, &problem, "raise the ridge parameter");
    problem.diagonal[13] = NAN;
    check_refused(grid, &problem, "entry (13, 13) of the normal equations is nan");
    problem.diagonal[13] = 0x1p401;
    check_refused(grid, &problem, "expected finite numbers below 2^400");
    problem.diagonal[13] = 1;
    problem.first[17 * 20 + 2] = INFINITY;
    check_refused(grid, &problem, "entry (17, 2) of the normal equations is inf");
    problem.first[17 * 20 + 2] = problem.first[2 * 20 + 17];
    problem.first[2 * 20 + 17] = INFINITY; /* the upper triangle is not read */
    struct system *system = system_of(&problem, grid, 4);
    CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
    problem.b[5] = INFINITY;
    CHECK_FAILS(system_solve(system, 1, problem.b, NULL, x), BAD_INPUT, "entry 5 of right-hand side 0");
    problem.b[5] = 1;
    problem.b_low[6] = NAN;
    CHECK_FAILS(system_solve(system, 1, problem.b, problem.b_low, x), BAD_INPUT, "entry 6 of right-hand side 0");
    system_destroy(system);
    problem_clear(&problem);

    /* Rank 2 of 20 with almost no ridge: no pivot is negative for sure, but nothing can be solved. */
    problem = problem_gram(20, 2, 1e-11, 1);
    system = system_of(&problem, grid, 4);
    enum status status = system_factor(system, problem.diagonal, NULL);
    if (status == STATUS_OK)
        status = system_solve(system, 1, problem.b, NULL, x);
    CHECK_FAILS(status, NOT_CONVERGED, "raise the ridge parameter");
    system_destroy(system);
    problem_clear(&problem);

    problem = problem_hilbert(12, 1);
    system = system_of(&problem, grid, 4);
    CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
    CHECK_FAILS(system_solve(system, 1, problem.b, NULL, x), NOT_CONVERGED, "of order 12 have the condition");
    system_destroy(system);
    problem_clear(&problem);

    /* A solution beyond the range of doubles. */
    problem = problem_create(2, 1, 1);
    for (int64_t i = 0; i < 2; i++) {
        problem.diagonal[i] = 0x1p-300;
        problem.b[i] = 0x1p1000;
    }
    system = system_of(&problem, grid, 4);
    CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
    CHECK_FAILS(system_solve(system, 1, problem.b, NULL, x), NOT_CONVERGED, "beyond 2^1023");
    system_destroy(system);
    problem_clear(&problem);
}

/* Whichever agreement fails, all ranks leave, and the system can be used again. */
static void test_faults(const struct grid *grid)
{
    struct problem problem = problem_gram(20, 30, 1, 1);
    struct system *system = system_of(&problem, grid, 4);
    enum status status = FAULT_INJECTED;
    int n_failed = 0;
    for (int k = 1; status != STATUS_OK && k < 10; k++) {
        agree_fail_at(k, n_rank - 1);
        status = system_factor(system, problem.diagonal, NULL);
        CHECK(status == STATUS_OK || status == FAULT_INJECTED);
        n_failed += status != STATUS_OK;
    }
    agree_fail_at(0, 0);
    CHECK(n_failed == 2);
    double x[20], *expected = problem_solve(&problem);
    CHECK(system_solve(system, 1, problem.b, problem.b_low, x) == STATUS_OK);
    CHECK(memcmp(x, expected, sizeof x) == 0);
    memory_free(expected);
    system_destroy(system);
    problem_clear(&problem);
}

static void test_bytes(void)
{
    CHECK(system_bytes(1, 1, 1000, 64) >= 3 * 8 * 1000 * 1000);
    CHECK(system_bytes(4, 4, 65536, 64) < system_bytes(2, 2, 65536, 64));
    CHECK(system_bytes(1, 1, 46000, 64) < INT64_MAX);
    CHECK(system_bytes(1, 1, 47000, 64) == INT64_MAX); /* 2^31 entries on one rank */
    CHECK(system_bytes(2, 2, 47000, 64) < INT64_MAX);
    CHECK(system_bytes(1000, 1000, INT64_C(1) << 40, 64) == INT64_MAX);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_rank);
    test_solutions();
    test_hilbert();
    test_simple_solutions();
    test_kept();
    test_bytes();
    struct grid grid;
    int n_row, n_column;
    grid_shape(n_rank, 1000, 1, &n_row, &n_column);
    grid_open(MPI_COMM_WORLD, n_row, n_column, &grid);
    test_condition(&grid);
    test_known_condition(&grid);
    test_many_sides(&grid);
    test_again(&grid);
    test_pivots(&grid);
    test_refused(&grid);
    test_faults(&grid);
    grid_close(&grid);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
