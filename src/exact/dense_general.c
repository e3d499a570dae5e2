#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/dense.h"
#include "exact/dense_product.h"
#include "exact/dense_triangle.h"

enum { PANEL = 32 /* columns eliminated one by one, before the rest of the matrix follows by a product */ };

struct elimination {
    int64_t n, k;
    double *c; /* n × n: becomes U on and above the diagonal, L without its diagonal of ones below */
    double *x; /* k × n: rows are right-hand sides, permuted along */
};

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

static void exchange_rows(const struct elimination *system, int64_t i, int64_t j)
{
    for (int64_t t = 0; t < system->n && i != j; t++)
        swap(&system->c[i * system->n + t], &system->c[j * system->n + t]);
    for (int64_t r = 0; r < system->k && i != j; r++)
        swap(&system->x[r * system->n + i], &system->x[r * system->n + j]);
}

/* row −= factor · pivot, element by element. */
VECTORISED
static void subtract_row(double *restrict row, double factor, const double *restrict pivot, int64_t n)
{
    for (int64_t t = 0; t < n; t++)
        row[t] -= factor * pivot[t];
}

/* Column j of the panel that ends at `end`: the largest element is its pivot, the first of equals. */
static enum status eliminate_column(const struct elimination *system, int64_t j, int64_t end)
{
    const int64_t n = system->n;
    int64_t pivot = j;
    for (int64_t i = j + 1; i < n; i++)
        if (fabs(system->c[i * n + j]) > fabs(system->c[pivot * n + j]))
            pivot = i;
    const double value = system->c[pivot * n + j];
    if (value == 0 || !isfinite(value))
        return fail(NOT_CONVERGED,
                    "expected a regular matrix of %lld rows, found %g as the largest pivot for column %lld (the first "
                    "is 0): its rows depend on each other",
                    (long long)n, value, (long long)j);
    exchange_rows(system, j, pivot);
    const double *pivot_row = system->c + j * n;
    for (int64_t i = j + 1; i < n; i++) {
        double *row = system->c + i * n;
        row[j] /= value;
        subtract_row(row + j + 1, row[j], pivot_row + j + 1, end - j - 1);
    }
    return STATUS_OK;
}

/* What a finished panel [first, end) does to the columns behind it. */
static void follow(const struct elimination *system, int64_t first, int64_t end)
{
    const int64_t n = system->n;
    for (int64_t i = first + 1; i < end; i++)
        for (int64_t k = first; k < i; k++)
            subtract_row(system->c + i * n + end, system->c[i * n + k], system->c + k * n + end, n - end);
    dense_product(&(struct dense_product){
        .m = n - end,
        .n = n - end,
        .k = end - first,
        .a = {system->c + end * n + first, n, 1},
        .b = {system->c + first * n + end, 1, n},
        .is_subtracted = true,
        .c = system->c + end * n + end,
        .c_stride = n,
    });
}

enum status dense_solve_general(int64_t n, double *c, int64_t k, double *x)
{
    const struct elimination system = {n, k, c, x};
    for (int64_t first = 0; first < n; first += PANEL) {
        const int64_t end = n - first < PANEL ? n : first + PANEL;
        for (int64_t j = first; j < end; j++) {
            enum status status = eliminate_column(&system, j, end);
            if (status)
                return status;
        }
        follow(&system, first, end);
    }
    struct dense_triangle triangle = {.first = c, .n = n, .row = n, .column = 1, .is_unit = true};
    dense_substitute_forward(&triangle, k, x, n);
    triangle.is_unit = false;
    dense_substitute_back(&triangle, k, x, n);
    return STATUS_OK;
}
