/* Every entry of the summed panels comes to its owner exactly, however they are cut and dealt to ranks; and what is
 * rounded off an entry counts in a solution. */
#include <math.h>
#include <mpi.h>

#include "check.h"
#include "matrix/system_parts.h"
#include "problem.h"

__extension__ typedef __int128 wide;

static int rank, n_rank;

/* The part of an entry that a rank has, of up to 2^90. */
static wide part_of(int64_t i, int64_t j, int of_rank)
{
    uint64_t state = (uint64_t)((i * 100003 + j) * 1009 + of_rank);
    int64_t high = random_integer(&state, INT32_MIN + 1, INT32_MAX) * random_integer(&state, 0, 1 << 19);
    return (wide)high * ((wide)1 << 40) + (wide)(random_bits(&state) >> 24);
}

static void fill_panel(struct gram_panel *panel)
{
    for (int64_t i = panel->first; i < panel->n; i++)
        for (int64_t j = panel->first; j < panel->first + panel->width; j++) {
            const int64_t at = (i - panel->first) * panel->width + j - panel->first;
            wide part = j <= i ? part_of(i, j, rank) : ((wide)1 << 102) + 1; /* above: must not be looked at */
            panel->high[at] = (int64_t)(part >> 40);
            panel->low[at] = (int64_t)(part & (((wide)1 << 40) - 1));
        }
}

static void check_entries(const struct system *system, const int *shift)
{
    for (int64_t j = 0; j < system->n_local_column; j++)
        for (int64_t i = 0; i < system->n_local_row; i++) {
            const int64_t row = system->row[i], column = system->column[j], at = i + j * system->stride;
            wide sum = 0;
            for (int r = 0; r < n_rank && column <= row; r++)
                sum += part_of(row, column, r);
            const double first = (double)sum, second = (double)(sum - (wide)first);
            const int power = shift == NULL ? 0 : -(shift[row] + shift[column]);
            CHECK(system->first[at] == ldexp(first, power) && system->second[at] == ldexp(second, power));
        }
}

static void check_sums(int64_t n, int64_t block, int64_t width, const int *shift)
{
    struct grid grid;
    int n_row, n_column;
    grid_shape(n_rank, n, block, &n_row, &n_column);
    grid_open(MPI_COMM_WORLD, n_row, n_column, &grid);
    struct system *system = system_create(&grid, n, block);
    for (int64_t first = 0; first < n; first += width) {
        struct gram_panel panel;
        gram_panel_init(&panel, n, first, n - first < width ? n - first : width);
        fill_panel(&panel);
        system_add_panel(system, &panel, shift);
        gram_panel_clear(&panel);
    }
    check_entries(system, shift);
    double *whole = memory_allocate(n * n, sizeof *whole);
    system_gather(system, whole);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            CHECK(whole[i * n + j] == whole[j * n + i]);
    memory_free(whole);
    system_destroy(system);
    grid_close(&grid);
}

/* One rank's rows of a Gram matrix of quantised numbers: the rows are dealt out one by one. */
static struct quantised rows_of_rank(int64_t p, int64_t n, int r, int n_ranks)
{
    struct rows rows;
    struct quantised matrix;
    int *exponent = memory_allocate(n, sizeof *exponent);
    uint64_t state = 5;
    rows_init_dense(&rows, (p - r + n_ranks - 1) / n_ranks, n);
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = 0; j < n; j++) {
            double value = random_double(&state);
            if (i % n_ranks == r)
                rows.dense[i / n_ranks * n + j] = value;
        }
    quantised_init(&matrix, 4, n, exponent, 0); /* exponents of 0: all are below 1 */
    quantised_append(&matrix, &rows);
    rows_clear(&rows);
    memory_free(exponent);
    return matrix;
}

static void add_gram(struct system *system, const struct quantised *matrix, int64_t width, const int *shift)
{
    for (int64_t first = 0; first < matrix->n_column; first += width) {
        struct gram_panel panel;
        int64_t rest = matrix->n_column - first;
        gram_panel_init(&panel, matrix->n_column, first, rest < width ? rest : width);
        gram_add(&panel, matrix, GRAM_AUTO);
        system_add_panel(system, &panel, shift);
        gram_panel_clear(&panel);
    }
}

/* The Gram matrix as the tests know it, exactly. */
static void set_exact(struct problem *problem, const struct quantised *matrix, int shift)
{
    const int64_t n = problem->n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            wide sum = 0;
            for (int64_t k = 0; k < matrix->n_row; k++)
                sum += (wide)matrix->dense[k * n + i] * matrix->dense[k * n + j];
            problem->first[i * n + j] = ldexp((double)sum, -2 * shift);
            problem->second[i * n + j] = ldexp((double)(sum - (wide)(double)sum), -2 * shift);
        }
}

/* Fewer rows than columns: only the ridge makes it regular, and every bit of the Gram matrix counts. */
static void test_solution(void)
{
    enum { P = 37, N = 60, SHIFT = 27 };
    int shift[N];
    struct quantised all = rows_of_rank(P, N, 0, 1), mine = rows_of_rank(P, N, rank, n_rank);
    struct problem problem = problem_create(N, 3, 8);
    set_exact(&problem, &all, SHIFT);
    for (int i = 0; i < N; i++) {
        shift[i] = SHIFT;
        problem.diagonal[i] = 1e-7;
    }
    double *expected = problem_solve(&problem), x[3 * N], rounded[3 * N];
    for (int64_t width = 7; width <= 70; width += 21) {
        struct grid grid;
        int n_row, n_column;
        grid_shape(n_rank, N, 8, &n_row, &n_column);
        grid_open(MPI_COMM_WORLD, n_row, n_column, &grid);
        struct system *system = system_create(&grid, N, 8);
        add_gram(system, &mine, width, shift);
        CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
        CHECK(system_solve(system, 3, problem.b, problem.b_low, x) == STATUS_OK);
        CHECK(memcmp(x, expected, sizeof x) == 0);
        system_set(system, problem.first); /* without the second parts */
        CHECK(system_factor(system, problem.diagonal, NULL) == STATUS_OK);
        CHECK(system_solve(system, 3, problem.b, problem.b_low, rounded) == STATUS_OK);
        CHECK(memcmp(x, rounded, sizeof x) != 0);
        system_destroy(system);
        grid_close(&grid);
    }
    memory_free(expected);
    problem_clear(&problem);
    quantised_clear(&all);
    quantised_clear(&mine);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_rank);
    int shift[70];
    for (int i = 0; i < 70; i++)
        shift[i] = i % 3 == 0 ? SYSTEM_MAX_SHIFT : 20 - 2 * i;
    check_sums(1, 4, 1, NULL);
    check_sums(3, 64, 2, NULL);
    for (int64_t width = 1; width <= 70; width = width * 3 + 1) {
        check_sums(70, 1, width, NULL);
        check_sums(70, 8, width, shift);
    }
    check_sums(1100, 64, 1100, NULL); /* more than goes in one piece */
    test_solution();
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
