/* Speed of the exact matrix products beside sgemm and dgemm of the same shapes, in Gop/s of the real product (2 m n k):
 * run with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 for one core. */
#include <cblas.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "exact/gemm.h"

enum { REPEATS = 5 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct problem {
    int64_t m, n, k;
    float *a, *b;
};

static float *random_floats(int64_t n)
{
    float *x = memory_allocate(n, sizeof *x);
    uint32_t state = 1;
    for (int64_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        x[i] = (float)(int32_t)state / 2147483648.0F;
    }
    return x;
}

static void report(const struct problem *problem, const char *what, double best)
{
    double operations = 2.0 * (double)problem->m * (double)problem->n * (double)problem->k;
    printf("%5lld x %5lld x %5lld  %-18s %8.2f ms %8.1f Gop/s\n", (long long)problem->m, (long long)problem->n,
           (long long)problem->k, what, 1e3 * best, 1e-9 * operations / best);
    fflush(stdout);
}

static void bench_sgemm(const struct problem *problem)
{
    const int m = to_int(problem->m), n = to_int(problem->n), k = to_int(problem->k);
    float *c = memory_allocate(problem->m * problem->n, sizeof *c);
    double best = 1e9;
    for (int r = 0; r < REPEATS; r++) {
        double start = seconds();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, problem->a, k, problem->b, k, 0, c, n);
        double time = seconds() - start;
        best = time < best ? time : best;
    }
    report(problem, "sgemm", best);
    memory_free(c);
}

static void bench_digits(const struct problem *problem, int n_digit)
{
    struct digits digits;
    digits_init(&digits, n_digit, problem->m, problem->k);
    double best = 1e9;
    for (int r = 0; r < REPEATS; r++) {
        double start = seconds();
        digits_set(&digits, 0, problem->m, problem->a);
        double time = seconds() - start;
        best = time < best ? time : best;
    }
    printf("%5lld x %5lld          %d digits taken at %.2f GB/s of float\n", (long long)problem->m,
           (long long)problem->k, n_digit, 4e-9 * (double)(problem->m * problem->k) / best);
    digits_clear(&digits);
}

static void bench_exact(const struct problem *problem, int n_digit)
{
    struct digits a, b;
    digits_init(&a, n_digit, problem->m, problem->k);
    digits_init(&b, n_digit, problem->n, problem->k);
    digits_set(&a, 0, problem->m, problem->a);
    digits_set(&b, 0, problem->n, problem->b);
    double *c = memory_allocate(problem->m * problem->n, sizeof *c);
    for (int g = 0; gemm_backends[g] != NULL; g++) {
        const struct gemm_backend *backend = gemm_backends[g];
        void *workspace = memory_allocate(backend->workspace_bytes(n_digit, problem->m, problem->n, problem->k), 1);
        double best = 1e9;
        for (int r = 0; r < REPEATS; r++) {
            double start = seconds();
            backend->multiply(&a, 0, problem->m, &b, c, workspace);
            double time = seconds() - start;
            best = time < best ? time : best;
        }
        char what[64];
        snprintf(what, sizeof what, "%s, %d digits", backend->name, n_digit);
        report(problem, what, best);
        memory_free(workspace);
    }
    digits_clear(&a);
    digits_clear(&b);
    memory_free(c);
}

int main(void)
{
    struct problem problems[] = {{.m = 2048, .n = 2048, .k = 4096}, {.m = 4096, .n = 1000, .k = 512}};
    for (size_t p = 0; p < sizeof problems / sizeof *problems; p++) {
        struct problem *problem = &problems[p];
        problem->a = random_floats(problem->m * problem->k);
        problem->b = random_floats(problem->n * problem->k);
        bench_sgemm(problem);
        for (int n_digit = 1; n_digit <= MAX_DIGITS; n_digit++) {
            bench_digits(problem, n_digit);
            bench_exact(problem, n_digit);
        }
        memory_free(problem->a);
        memory_free(problem->b);
    }
    return 0;
}
