/* Every element of what dense linear algebra returns must have the bits of the textbook's loops, whatever the size, and
 * be as accurate as double allows; matrices that have no solution must be refused by the number of the pivot. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "check.h"
#include "exact/dense.h"
#include "exact/dense_product.h"
#include "exact/random.h"

static const int64_t SIZES[] = {1, 2, 3, 6, 7, 8, 31, 32, 33, 64, 65, 200, 513};
enum { N_SIZE = sizeof SIZES / sizeof *SIZES, N_RIGHT = 5 };

static double *random_matrix(int64_t n, uint64_t seed)
{
    double *a = memory_allocate(n, sizeof *a);
    for (int64_t i = 0; i < n; i++)
        a[i] = random_scaled(&seed, -8, 2);
    return a;
}

static double *copy(const double *a, int64_t n)
{
    double *b = memory_allocate(n, sizeof *b);
    memcpy(b, a, (size_t)n * sizeof *b);
    return b;
}

static bool same(const double *a, const double *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/* Symmetric, its eigenvalues from 0.5 up: B Bᵀ / n + I / 2. */
static double *positive_definite(int64_t n, uint64_t seed)
{
    double *b = random_matrix(n * n, seed), *a = memory_allocate(n * n, sizeof *a);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += b[i * n + k] * b[j * n + k];
            a[i * n + j] = a[j * n + i] = sum / (double)n + (i == j ? 0.5 : 0);
        }
    memory_free(b);
    return a;
}

/* ---- the textbook ---- */

static void textbook_cholesky(int64_t n, double *a)
{
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = j; i < n; i++) {
            double sum = a[i * n + j];
            for (int64_t k = 0; k < j; k++)
                sum -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
}

static void textbook_lower(int64_t n, const double *l, double *x)
{
    for (int64_t j = 0; j < n; j++) {
        for (int64_t t = 0; t < j; t++)
            x[j] -= l[j * n + t] * x[t];
        x[j] /= l[j * n + j];
    }
}

static void textbook_upper(int64_t n, const double *l, double *x)
{
    for (int64_t j = n - 1; j >= 0; j--) {
        for (int64_t t = n - 1; t > j; t--)
            x[j] -= l[t * n + j] * x[t];
        x[j] /= l[j * n + j];
    }
}

/* From the columns of W = L⁻¹: element (i, j) is Σ_t W[t, i] W[t, j], t upwards. */
static void textbook_inverse(int64_t n, const double *l, double *inverse)
{
    double *w = memory_allocate(n * n, sizeof *w); /* row i: column i of L⁻¹ */
    for (int64_t i = 0; i < n; i++) {
        w[i * n + i] = 1;
        textbook_lower(n, l, w + i * n);
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t t = i; t < n; t++)
                sum += w[i * n + t] * w[j * n + t];
            inverse[i * n + j] = inverse[j * n + i] = sum;
        }
    memory_free(w);
}

static void exchange(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

static void textbook_general(int64_t n, double *c, int64_t k, double *x)
{
    for (int64_t j = 0; j < n; j++) {
        int64_t p = j;
        for (int64_t i = j + 1; i < n; i++)
            p = fabs(c[i * n + j]) > fabs(c[p * n + j]) ? i : p;
        for (int64_t t = 0; t < n; t++)
            exchange(&c[j * n + t], &c[p * n + t]);
        for (int64_t r = 0; r < k; r++)
            exchange(&x[r * n + j], &x[r * n + p]);
        for (int64_t i = j + 1; i < n; i++) {
            c[i * n + j] /= c[j * n + j];
            for (int64_t t = j + 1; t < n; t++)
                c[i * n + t] -= c[i * n + j] * c[j * n + t];
        }
    }
    for (int64_t r = 0; r < k; r++, x += n) {
        for (int64_t j = 0; j < n; j++)
            for (int64_t t = 0; t < j; t++)
                x[j] -= c[j * n + t] * x[t];
        for (int64_t j = n - 1; j >= 0; j--) {
            for (int64_t t = n - 1; t > j; t--)
                x[j] -= c[j * n + t] * x[t];
            x[j] /= c[j * n + j];
        }
    }
}

/* ---- the same bits ---- */

static void check_product(int64_t m, int64_t n, int64_t k)
{
    const int64_t gap = 3; /* between rows: must be left alone */
    double *a = random_matrix(m * (k + gap), 1), *b = random_matrix(n * (k + gap), 2);
    double *c = random_matrix(m * (n + gap), 3), *less = copy(c, m * (n + gap)), *more = copy(c, m * (n + gap));
    double *lower = copy(c, m * (n + gap)), *expected = copy(c, m * (n + gap));
    dense_subtract_product(m, n, k, a, k + gap, b, k + gap, less, n + gap);
    dense_add_product(m, n, k, a, k + gap, b, k + gap, more, n + gap);
    dense_product(&(struct dense_product){.m = m,
                                          .n = n,
                                          .k = k,
                                          .a = {a, k + gap, 1},
                                          .b = {b, k + gap, 1},
                                          .is_lower = true,
                                          .c = lower,
                                          .c_stride = n + gap});
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            for (int64_t t = 0; t < k; t++)
                expected[i * (n + gap) + j] -= a[i * (k + gap) + t] * b[j * (k + gap) + t];
    CHECK(same(less, expected, m * (n + gap)));
    memcpy(expected, c, (size_t)(m * (n + gap)) * sizeof *c);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            for (int64_t t = 0; t < k; t++)
                expected[i * (n + gap) + j] += a[i * (k + gap) + t] * b[j * (k + gap) + t];
    CHECK(same(more, expected, m * (n + gap)));
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = i + 1; j < n; j++)
            expected[i * (n + gap) + j] = c[i * (n + gap) + j];
    CHECK(same(lower, expected, m * (n + gap)));
    memory_free(a);
    memory_free(b);
    memory_free(c);
    memory_free(less);
    memory_free(more);
    memory_free(lower);
    memory_free(expected);
}

/* Operands that are stored transposed, and read backwards. */
static void check_steps(void)
{
    enum { M = 13, N = 21, K = 300 };
    double *a = random_matrix(K * M, 4), *b = random_matrix(N * K, 5), *c = random_matrix(M * N, 6);
    double *expected = copy(c, M * N);
    dense_product(&(struct dense_product){
        .m = M, .n = N, .k = K, .a = {a + (K - 1) * M, 1, -M}, .b = {b + K - 1, K, -1}, .c = c, .c_stride = N});
    for (int64_t i = 0; i < M; i++)
        for (int64_t j = 0; j < N; j++)
            for (int64_t t = K - 1; t >= 0; t--)
                expected[i * N + j] += a[t * M + i] * b[j * K + t];
    CHECK(same(c, expected, M * N));
    memory_free(a);
    memory_free(b);
    memory_free(c);
    memory_free(expected);
}

static void check_triangles(int64_t n)
{
    double *a = positive_definite(n, 10 + (uint64_t)n), *l = copy(a, n * n), *expected = copy(a, n * n);
    CHECK(dense_cholesky(n, l) == STATUS_OK);
    textbook_cholesky(n, expected);
    CHECK(same(l, expected, n * n)); /* the upper triangle too: left alone */

    /* From here on nothing may read above the diagonal. */
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            l[i * n + j] = NAN;
    double *x = random_matrix(N_RIGHT * n, 20), *by_book = copy(x, N_RIGHT * n), *back = copy(x, N_RIGHT * n);
    dense_solve_lower(n, l, N_RIGHT, x);
    for (int64_t r = 0; r < N_RIGHT; r++)
        textbook_lower(n, l, by_book + r * n);
    CHECK(same(x, by_book, N_RIGHT * n));
    memcpy(by_book, back, (size_t)(N_RIGHT * n) * sizeof *back);
    dense_solve_upper(n, l, N_RIGHT, back);
    for (int64_t r = 0; r < N_RIGHT; r++)
        textbook_upper(n, l, by_book + r * n);
    CHECK(same(back, by_book, N_RIGHT * n));

    double *inverse = random_matrix(n * n, 21);
    dense_inverse(n, l, inverse);
    textbook_inverse(n, l, expected);
    CHECK(same(inverse, expected, n * n));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            if (inverse[i * n + j] != inverse[j * n + i])
                CHECK(!"the inverse is symmetric");
    memory_free(a);
    memory_free(l);
    memory_free(expected);
    memory_free(x);
    memory_free(by_book);
    memory_free(back);
    memory_free(inverse);
}

/* With elements of 1, −1 or so, many are equally large: the first of them is the pivot. */
static void check_general(int64_t n, bool has_ties)
{
    double *c = random_matrix(n * n, 30 + (uint64_t)n), *x = random_matrix(N_RIGHT * n, 31);
    for (int64_t i = 0; has_ties && i < n * n; i++)
        c[i] = (c[i] < 0 ? -1 : 1) + (i % (n + 1) == 0 ? 0.5 : 0);
    double *expected = copy(x, N_RIGHT * n), *used = copy(c, n * n);
    textbook_general(n, used, N_RIGHT, expected);
    CHECK(dense_solve_general(n, c, N_RIGHT, x) == STATUS_OK);
    CHECK(same(x, expected, N_RIGHT * n));
    CHECK(same(c, used, n * n));
    memory_free(c);
    memory_free(x);
    memory_free(expected);
    memory_free(used);
}

/* ---- accuracy ---- */

/* max |Σ_j a(i, j) x(j) − b(i)| over i, in long double. */
static double residual(int64_t n, const double *a, const double *x, const double *b)
{
    long double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        long double sum = -b[i];
        for (int64_t j = 0; j < n; j++)
            sum += (long double)a[i * n + j] * x[j];
        worst = fabsl(sum) > worst ? fabsl(sum) : worst;
    }
    return (double)worst;
}

/* Solutions of systems of condition below 100 leave residuals of some units in the last place. */
static void check_accuracy(void)
{
    enum { N = 300 };
    double *a = positive_definite(N, 40), *l = copy(a, N * N), *b = random_matrix(N, 41), *x = copy(b, N);
    double *inverse = memory_allocate(N * N, sizeof *inverse), *unit = memory_allocate(N, sizeof *unit);
    CHECK(dense_cholesky(N, l) == STATUS_OK);
    dense_solve_lower(N, l, 1, x);
    dense_solve_upper(N, l, 1, x);
    CHECK(residual(N, a, x, b) < 1e-14);
    dense_inverse(N, l, inverse);
    for (int64_t i = 0; i < N; i++) {
        unit[i] = 1;
        CHECK(residual(N, a, inverse + i * N, unit) < 1e-14);
        unit[i] = 0;
    }
    memcpy(l, a, (size_t)(N * N) * sizeof *a);
    for (int64_t i = 0; i < N * N; i += 7)
        l[i] = a[i] = -a[i]; /* no longer symmetric */
    memcpy(x, b, (size_t)N * sizeof *b);
    CHECK(dense_solve_general(N, l, 1, x) == STATUS_OK);
    CHECK(residual(N, a, x, b) < 1e-12);
    memory_free(a);
    memory_free(l);
    memory_free(b);
    memory_free(x);
    memory_free(inverse);
    memory_free(unit);
}

/* ---- what is refused ---- */

static void check_refusals(void)
{
    enum { N = 100 };
    double *a = positive_definite(N, 50), *b = copy(a, N * N), *x = random_matrix(N, 51);
    a[77 * N + 77] = -1;
    CHECK_FAILS(dense_cholesky(N, a), NOT_CONVERGED, "pivot 77");
    memcpy(a, b, (size_t)(N * N) * sizeof *a);
    a[5 * N + 2] = NAN;
    CHECK_FAILS(dense_cholesky(N, a), NOT_CONVERGED, "pivot 5");
    memcpy(a, b, (size_t)(N * N) * sizeof *a);
    a[40 * N + 40] = INFINITY;
    CHECK_FAILS(dense_cholesky(N, a), NOT_CONVERGED, "pivot 40");
    double zero = 0;
    CHECK_FAILS(dense_cholesky(1, &zero), NOT_CONVERGED, "matrix of 1 rows, found 0 as pivot 0");

    for (int64_t i = 0; i < N; i++)
        b[i * N + 60] = 0;
    CHECK_FAILS(dense_solve_general(N, b, 1, x), NOT_CONVERGED, "column 60");
    CHECK_FAILS(dense_solve_general(1, &zero, 1, x), NOT_CONVERGED, "column 0");
    double nan = NAN;
    CHECK_FAILS(dense_solve_general(1, &nan, 1, x), NOT_CONVERGED, "column 0");
    memory_free(a);
    memory_free(b);
    memory_free(x);
}

int main(void)
{
    const int64_t shapes[][3] = {{0, 5, 5},    {5, 0, 5},   {5, 5, 0},      {1, 1, 1},    {6, 8, 256},   {7, 9, 257},
                                 {13, 100, 3}, {97, 31, 5}, {200, 17, 600}, {5, 1030, 9}, {300, 300, 40}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        check_product(shapes[s][0], shapes[s][1], shapes[s][2]);
    check_steps();
    for (int s = 0; s < N_SIZE; s++) {
        check_triangles(SIZES[s]);
        check_general(SIZES[s], false);
        check_general(SIZES[s], SIZES[s] > 3); /* smaller ones would be singular */
    }
    CHECK(dense_cholesky(0, NULL) == STATUS_OK);
    check_accuracy();
    check_refusals();
    return check_end();
}
