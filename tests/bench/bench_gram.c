/* Speed of exact Gram matrices beside dgemm and dsyrk of the same shape, of sparse rows beside dense ones, and of dense
 * linear algebra in a fixed order beside BLAS and LAPACK: ratios of medians taken in one run.
 *
 * Usage: bench_gram [P [m [n [sparse_P [sparse_m [entries]]]]]], with P × m for the dense Gram matrix, n for dense
 * linear algebra, and sparse_P × sparse_m with so many entries a row for the sparse one (its dense path is timed on
 * fewer rows, and scaled).  Run with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1: times are of one processor. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/status.h"
#include "exact/dense.h"
#include "exact/gram.h"

enum { REPEATS = 5, PANEL = 2048, DENSE_ROWS = 4096 };

extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);

struct problem {
    int64_t n_row, n;
    double *x;         /* n_row × n */
    double *c, *other; /* n × n, scratch */
    struct quantised q;
};

typedef void measured(struct problem *problem);

/* Of the processor, so that a busy machine disturbs less. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static double median_of(measured *call, struct problem *problem, int repeats)
{
    double time[REPEATS];
    for (int r = 0; r < repeats; r++) {
        double start = seconds();
        call(problem);
        time[r] = seconds() - start;
    }
    qsort(time, (size_t)repeats, sizeof *time, compare);
    return time[repeats / 2];
}

static double random_value(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return (double)(int32_t)*state / 2147483648.0;
}

static void create(struct problem *problem, int64_t n_row, int64_t n)
{
    uint32_t state = 1;
    *problem = (struct problem){.n_row = n_row, .n = n};
    problem->x = memory_allocate(n_row * n, sizeof *problem->x);
    problem->c = memory_allocate(n * n, sizeof *problem->c);
    problem->other = memory_allocate(n * n, sizeof *problem->other);
    for (int64_t i = 0; i < n_row * n; i++)
        problem->x[i] = random_value(&state);
}

static void clear(struct problem *problem)
{
    memory_free(problem->x);
    memory_free(problem->c);
    memory_free(problem->other);
    quantised_clear(&problem->q);
}

static void quantise(struct problem *problem, const struct rows *rows, int n_digit)
{
    int *exponent = memory_allocate(rows->n_column, sizeof *exponent);
    for (int64_t j = 0; j < rows->n_column; j++)
        exponent[j] = QUANTISED_NO_EXPONENT;
    quantised_measure(rows, exponent);
    quantised_clear(&problem->q);
    quantised_init(&problem->q, n_digit, rows->n_column, exponent, !rows_are_dense(rows));
    quantised_append(&problem->q, rows);
    memory_free(exponent);
}

/* ---- dense Gram matrices ---- */

static void run_dgemm(struct problem *problem)
{
    const int n = to_int(problem->n), k = to_int(problem->n_row);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, k, 1, problem->x, n, problem->x, n, 0, problem->c, n);
}

static void run_dsyrk(struct problem *problem)
{
    const int n = to_int(problem->n), k = to_int(problem->n_row);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, n, k, 1, problem->x, n, 0, problem->c, n);
}

static void make_gram(struct problem *problem, enum gram_backend backend)
{
    for (int64_t first = 0; first < problem->n; first += PANEL) {
        struct gram_panel panel;
        gram_panel_init(&panel, problem->n, first, problem->n - first < PANEL ? problem->n - first : PANEL);
        gram_add(&panel, &problem->q, backend);
        gram_panel_clear(&panel);
    }
}

static void run_auto(struct problem *problem)
{
    make_gram(problem, GRAM_AUTO);
}

static void run_exact_dgemm(struct problem *problem)
{
    make_gram(problem, GRAM_DGEMM);
}

static void run_exact_int8(struct problem *problem)
{
    make_gram(problem, GRAM_INT8);
}

static void bench_dense(int64_t n_row, int64_t n)
{
    struct problem problem;
    create(&problem, n_row, n);
    struct rows rows = {.n_row = n_row, .n_column = n, .dense = problem.x};
    const double dgemm = median_of(run_dgemm, &problem, REPEATS), dsyrk = median_of(run_dsyrk, &problem, REPEATS);
    const double operations = 2e-9 * (double)n_row * (double)n * (double)n;
    printf("Gram matrix of %lld x %lld: dgemm %.1f Gop/s, dsyrk %.2f x dgemm\n", (long long)n_row, (long long)n,
           operations / dgemm, dgemm / dsyrk);
    for (int n_digit = 1; n_digit <= 4; n_digit++) {
        quantise(&problem, &rows, n_digit);
        const double by_dgemm = median_of(run_exact_dgemm, &problem, REPEATS);
        const double by_int8 = median_of(run_exact_int8, &problem, REPEATS);
        const double chosen = median_of(run_auto, &problem, REPEATS);
        printf("  %2d bits: by dgemm %5.2f x dgemm, by int8 %5.2f x dgemm; chosen %5.2f x dgemm, %5.2f x dsyrk\n",
               7 * n_digit, dgemm / by_dgemm, dgemm / by_int8, dgemm / chosen, dsyrk / chosen);
        fflush(stdout);
    }
    clear(&problem);
}

/* ---- sparse ones ---- */

/* Every row has about so many entries, at places drawn at random, and a 1 in column 0. */
static void create_sparse(struct rows *rows, int64_t n_row, int64_t n, int64_t n_entry)
{
    uint32_t state = 7;
    int32_t *column = memory_allocate(n, sizeof *column);
    double *value = memory_allocate(n, sizeof *value);
    rows_init_sparse(rows, n);
    for (int64_t i = 0; i < n_row; i++) {
        int64_t count = 1;
        value[0] = 1;
        for (int64_t e = 0; e < n_entry; e++) {
            /* One in each of n_entry strata of equal width. */
            int64_t first = 1 + e * (n - 1) / n_entry, end = 1 + (e + 1) * (n - 1) / n_entry;
            column[count] = (int32_t)(first + (int64_t)((random_value(&state) + 1) / 2 * (double)(end - first)));
            value[count++] = random_value(&state) + 1.5;
        }
        rows_add(rows, count, column, value);
    }
    memory_free(column);
    memory_free(value);
}

static void bench_sparse(int64_t n_row, int64_t n, int64_t n_entry, int n_digit)
{
    struct rows rows, few;
    struct problem problem = {.n_row = n_row, .n = n};
    const int64_t n_few = n_row < DENSE_ROWS ? n_row : DENSE_ROWS;
    create_sparse(&rows, n_row, n, n_entry);
    quantise(&problem, &rows, n_digit);
    const double sparse = median_of(run_auto, &problem, 3);
    create_sparse(&few, n_few, n, n_entry);
    quantise(&problem, &few, n_digit);
    const double dense = median_of(run_exact_dgemm, &problem, 1) * (double)n_row / (double)n_few;
    printf("sparse Gram matrix of %lld x %lld, %lld entries a row, %d bits: %.2f s, %.1f x the dense path\n",
           (long long)n_row, (long long)n, (long long)n_entry, 7 * n_digit, sparse, dense / sparse);
    fflush(stdout);
    rows_clear(&rows);
    rows_clear(&few);
    quantised_clear(&problem.q);
}

/* ---- dense linear algebra ---- */

/* c becomes positive definite. */
static void fill(struct problem *problem)
{
    for (int64_t i = 0; i < problem->n * problem->n; i++)
        problem->c[i] = problem->x[i];
    for (int64_t i = 0; i < problem->n; i++)
        problem->c[i * problem->n + i] = (double)problem->n;
}

static void run_product(struct problem *problem)
{
    const int64_t n = problem->n;
    dense_subtract_product(n, n, n, problem->x, n, problem->x, n, problem->c, n);
}

static void run_cholesky(struct problem *problem)
{
    fill(problem);
    enum status status = dense_cholesky(problem->n, problem->c);
    ASSERT(status == STATUS_OK);
}

static void run_dpotrf(struct problem *problem)
{
    int n = to_int(problem->n), info;
    fill(problem);
    dpotrf_("U", &n, problem->c, &n, &info);
    ASSERT(info == 0);
}

static void run_inverse(struct problem *problem)
{
    dense_inverse(problem->n, problem->c, problem->other);
}

static void run_lower(struct problem *problem)
{
    memcpy(problem->other, problem->x, (size_t)(problem->n * problem->n) * sizeof *problem->x);
    dense_solve_lower(problem->n, problem->c, problem->n, problem->other);
}

static void run_upper(struct problem *problem)
{
    memcpy(problem->other, problem->x, (size_t)(problem->n * problem->n) * sizeof *problem->x);
    dense_solve_upper(problem->n, problem->c, problem->n, problem->other);
}

static void run_one(struct problem *problem)
{
    dense_solve_lower(problem->n, problem->c, 1, problem->other);
    dense_solve_upper(problem->n, problem->c, 1, problem->other);
}

static void run_general(struct problem *problem)
{
    fill(problem);
    memcpy(problem->other, problem->x, (size_t)problem->n * sizeof *problem->x);
    enum status status = dense_solve_general(problem->n, problem->c, 1, problem->other);
    ASSERT(status == STATUS_OK);
}

static void bench_linear(int64_t n)
{
    struct problem problem;
    create(&problem, n, n);
    const double cube = 1e-9 * (double)n * (double)n * (double)n;
    const double dgemm = median_of(run_dgemm, &problem, REPEATS), product = median_of(run_product, &problem, REPEATS);
    const double dpotrf = median_of(run_dpotrf, &problem, REPEATS);
    const double cholesky = median_of(run_cholesky, &problem, REPEATS);
    printf("fixed order, n = %lld: product %.1f Gop/s, %.2f x dgemm; Cholesky %.1f Gop/s, %.2f x dpotrf\n",
           (long long)n, 2 * cube / product, dgemm / product, cube / 3 / cholesky, dpotrf / cholesky);
    const double inverse = median_of(run_inverse, &problem, REPEATS);
    const double lower = median_of(run_lower, &problem, REPEATS), upper = median_of(run_upper, &problem, REPEATS);
    const double one = median_of(run_one, &problem, REPEATS), general = median_of(run_general, &problem, REPEATS);
    printf("  inverse %.1f Gop/s, forward %.1f, back %.1f, general %.1f; one right-hand side %.2f ms\n",
           2 * cube / 3 / inverse, cube / lower, cube / upper, 2 * cube / 3 / general, 1e3 * one);
    clear(&problem);
}

int main(int n_argument, char **argument)
{
    int64_t size[] = {16384, 2048, 2048, 200000, 16384, 64};
    for (int a = 1; a < n_argument && a <= (int)(sizeof size / sizeof *size); a++)
        size[a - 1] = atoll(argument[a]);
    bench_dense(size[0], size[1]);
    bench_linear(size[2]);
    bench_sparse(size[3], size[4], size[5], 3);
    bench_sparse(size[3], size[4], size[5], 4);
    return 0;
}
