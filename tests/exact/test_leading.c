/* The product of leading digits is exactly the sum of the plane products that weigh 128^(n_digit − 1) or more, with
 * both backends; and what it leaves out is of the size of the rounding to digits. */
#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "exact/gemm.h"
#include "exact/random.h"

static void fill(struct digits *digits, int n_digit, int64_t n_row, int64_t n_column, double *x, uint64_t *seed)
{
    digits_init(digits, n_digit, n_row, n_column);
    for (int64_t k = 0; k < n_row * n_column; k++)
        x[k] = random_scaled(seed, -4, 0);
    digits_set_double(digits, 0, n_row, x);
}

/* The definition, one product of digits at a time. */
static double leading_entry(const struct digits *a, int64_t i, const struct digits *b, int64_t j)
{
    int last = a->n_digit - 1;
    struct wide_integer sum = {0};
    for (int pa = 0; pa <= last; pa++)
        for (int pb = 0; pb <= last; pb++) {
            int power = 2 * last - pa - pb;
            for (int64_t k = 0; k < a->n_column && power >= last; k++)
                wide_integer_add(&sum, (int64_t)a->plane[pa][i * a->n_column + k] * b->plane[pb][j * b->n_column + k] *
                                           ((int64_t)1 << 7 * power));
        }
    return wide_integer_to_double(sum);
}

static double *product(const struct gemm_backend *backend, const struct digits *a, int64_t a_row, int64_t m,
                       const struct digits *b)
{
    void *workspace = memory_allocate(backend->workspace_bytes(a->n_digit, m, b->n_row, a->n_column), 1);
    double *c = memory_allocate(m * b->n_row, sizeof *c);
    backend->multiply_leading(a, a_row, m, b, c, workspace);
    memory_free(workspace);
    return c;
}

static void test_definition(int n_digit, int64_t m, int64_t n, int64_t k, uint64_t *seed)
{
    struct digits a, b;
    double *x = memory_allocate((m + 2) * k, sizeof *x), *y = memory_allocate(n * k, sizeof *y);
    fill(&a, n_digit, m + 2, k, x, seed);
    fill(&b, n_digit, n, k, y, seed);
    double *c[2];
    for (int backend = 0; backend < 2; backend++) {
        c[backend] = product(gemm_backends[backend], &a, 2, m, &b);
        bool equal = true;
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++)
                equal = equal && c[backend][i * n + j] == leading_entry(&a, i + 2, &b, j);
        CHECK(equal);
    }
    CHECK(memcmp(c[0], c[1], (size_t)(m * n) * sizeof **c) == 0);
    for (int backend = 0; backend < 2; backend++)
        memory_free(c[backend]);
    memory_free(x);
    memory_free(y);
    digits_clear(&a);
    digits_clear(&b);
}

/* Two digits, leading: still below 2^-11 of the norms on random data. */
static void test_accuracy(int64_t k, uint64_t *seed)
{
    enum { N = 24 };
    struct digits a, b;
    double *x = memory_allocate(N * k, sizeof *x), *y = memory_allocate(N * k, sizeof *y), worst = 0;
    fill(&a, 2, N, k, x, seed);
    fill(&b, 2, N, k, y, seed);
    double *c = product(&gemm_onednn, &a, 0, N, &b);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double dot = 0, xx = 0, yy = 0;
            for (int64_t e = 0; e < k; e++) {
                dot += x[i * k + e] * y[j * k + e];
                xx += x[i * k + e] * x[i * k + e];
                yy += y[j * k + e] * y[j * k + e];
            }
            double error = fabs(c[i * N + j] * digits_scale(&a, i) * digits_scale(&b, j) - dot) / sqrt(xx * yy);
            worst = error > worst ? error : worst;
        }
    CHECK(worst < 0x1p-11);
    memory_free(c);
    memory_free(x);
    memory_free(y);
    digits_clear(&a);
    digits_clear(&b);
}

int main(void)
{
    uint64_t seed = 5;
    for (int n_digit = 1; n_digit <= MAX_DIGITS; n_digit++) {
        test_definition(n_digit, 1, 1, 1, &seed);
        test_definition(n_digit, 7, 5, 130, &seed);
        test_definition(n_digit, 3, 9, 1030, &seed);
        test_definition(n_digit, 515, 2, 3, &seed);
    }
    for (int64_t k = 16; k <= 4096; k *= 4)
        test_accuracy(k, &seed);
    return check_end();
}
