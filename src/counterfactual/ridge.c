#include "counterfactual/ridge.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "exact/dense.h"
#include "exact/dense_product.h"

int32_t ridge_decide(const struct ridge *ridge, const double *f)
{
    if (ridge->n_output == 1)
        return f[0] >= ridge->threshold;
    int32_t best = 0;
    for (int32_t c = 1; c < ridge->n_output; c++)
        if (f[c] > f[best])
            best = c;
    return best;
}

double ridge_margin(const struct ridge *ridge, const double *f, int32_t predicted)
{
    if (ridge->n_output == 1)
        return predicted ? f[0] - ridge->threshold : ridge->threshold - f[0];
    double other = -INFINITY;
    for (int32_t c = 0; c < ridge->n_output; c++)
        if (c != predicted && f[c] > other)
            other = f[c];
    return f[predicted] - other;
}

void ridge_clear(struct ridge *ridge)
{
    memory_free(ridge->margin);
    memory_free(ridge->predicted);
    memory_free(ridge->prediction);
    memory_free(ridge->half);
    memory_free(ridge->query);
    memory_free(ridge->coefficient);
    memory_free(ridge->factor);
    memory_free(ridge->right);
    memory_free(ridge->gram);
    *ridge = (struct ridge){0};
}

/* ---- single rows ------------------------------------------------------------------------------------------------ */

void ridge_examine(const struct ridge *ridge, int64_t n, const double *z, const double *t, double *u, double *h,
                   double *e)
{
    int64_t size = ridge->size, k = ridge->n_output;
    memcpy(u, z, (size_t)(n * size) * sizeof *u);
    dense_solve_lower(size, ridge->factor, n, u);
    memcpy(e, t, (size_t)(n * k) * sizeof *e);
    dense_subtract_product(n, k, size, z, size, ridge->coefficient, size, e, k);
    for (int64_t i = 0; i < n; i++) {
        h[i] = 0;
        for (int64_t j = 0; j < size; j++)
            h[i] += u[i * size + j] * u[i * size + j];
    }
}

void ridge_leave_out(const struct ridge *ridge, int64_t n, const double *u, const double *h, const double *e,
                     double *change)
{
    int64_t m = ridge->n_query, k = ridge->n_output;
    double *f = memory_allocate_raw(k, sizeof *f);
    memset(change, 0, (size_t)(n * m) * sizeof *change);
    dense_add_product(n, m, ridge->size, u, ridge->size, ridge->half, ridge->size, change, m);
    for (int64_t i = 0; i < n; i++)
        for (int64_t q = 0; q < m; q++) {
            double step = change[i * m + q] / (1 - h[i]);
            for (int64_t c = 0; c < k; c++)
                f[c] = ridge->prediction[q * k + c] - step * e[i * k + c];
            change[i * m + q] = h[i] < 1 ? ridge_margin(ridge, f, ridge->predicted[q]) - ridge->margin[q] : (double)NAN;
        }
    memory_free(f);
}

enum status ridge_factor(const struct ridge *ridge, double *a)
{
    const double least = 0x1p-34; /* of a pivot, by what stood there before: about 6 digits are left then */
    int64_t size = ridge->size;
    double *before = memory_allocate_raw(size, sizeof *before), lowest = 1;
    for (int64_t i = 0; i < size; i++)
        before[i] = a[i * size + i];
    enum status status = dense_cholesky(size, a);
    for (int64_t i = 0; i < size && status == STATUS_OK; i++) {
        double ratio = a[i * size + i] * a[i * size + i] / before[i];
        lowest = ratio < lowest ? ratio : lowest;
    }
    memory_free(before);
    if (status == STATUS_OK && lowest >= least)
        return STATUS_OK;
    return fail(NOT_CONVERGED,
                "counterfactual.ridge.lambda: %g is too small for these features, of which some are nearly the same as "
                "others together: the fit would have no digits left; raise it",
                ridge->lambda);
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

int64_t removal_bytes(int64_t size, int64_t n_output)
{
    return (size * size + 2 * size * n_output) * (int64_t)sizeof(double);
}

void removal_init(const struct ridge *ridge, struct removal *removal)
{
    int64_t size = ridge->size;
    removal->gram = memory_allocate(size * size, sizeof *removal->gram);
    removal->right = memory_allocate(size * ridge->n_output, sizeof *removal->right);
    removal->additive = memory_allocate(size * ridge->n_output, sizeof *removal->additive);
}

void removal_clear(struct removal *removal)
{
    memory_free(removal->additive);
    memory_free(removal->right);
    memory_free(removal->gram);
    *removal = (struct removal){0};
}

/* out (columns × size) += Σ over n rows of left ⊗ z, in their order. */
static void add_products(const struct ridge *ridge, int64_t n, const double *left, int64_t columns, const double *z,
                         double *out)
{
    dense_product(&(struct dense_product){.m = columns,
                                          .n = ridge->size,
                                          .k = n,
                                          .a = {left, 1, columns},
                                          .b = {z, 1, ridge->size},
                                          .is_lower = left == z,
                                          .c = out,
                                          .c_stride = ridge->size});
}

void removal_add(const struct ridge *ridge, int64_t n, const double *z, const double *t, const double *h,
                 const double *e, struct removal *removal)
{
    int64_t k = ridge->n_output;
    add_products(ridge, n, z, ridge->size, z, removal->gram);
    add_products(ridge, n, t, k, z, removal->right);
    if (h == NULL)
        return;
    double *scaled = memory_allocate_raw(n * k, sizeof *scaled);
    for (int64_t i = 0; i < n * k; i++)
        scaled[i] = e[i] / (1 - h[i / k]);
    add_products(ridge, n, scaled, k, z, removal->additive);
    memory_free(scaled);
}

/* f (n_query × n_output) = query · wᵀ. */
static void predict(const struct ridge *ridge, const double *w, double *f)
{
    memset(f, 0, (size_t)(ridge->n_query * ridge->n_output) * sizeof *f);
    dense_add_product(ridge->n_query, ridge->n_output, ridge->size, ridge->query, ridge->size, w, ridge->size, f,
                      ridge->n_output);
}

enum status removal_apply(const struct ridge *ridge, const struct removal *removal, double *prediction,
                          double *additive)
{
    int64_t size = ridge->size, k = ridge->n_output;
    double *a = memory_allocate_raw(size * size, sizeof *a), *w = memory_allocate_raw(size * k, sizeof *w);
    for (int64_t i = 0; i < size * size; i++)
        a[i] = ridge->gram[i] - removal->gram[i];
    for (int64_t i = 0; i < size * k; i++)
        w[i] = ridge->right[i] - removal->right[i];
    enum status status = ridge_factor(ridge, a);
    if (status == STATUS_OK) {
        dense_solve_lower(size, a, k, w);
        dense_solve_upper(size, a, k, w);
        predict(ridge, w, prediction);
        memcpy(w, removal->additive, (size_t)(size * k) * sizeof *w);
        dense_solve_lower(size, ridge->factor, k, w);
        dense_solve_upper(size, ridge->factor, k, w);
        predict(ridge, w, additive);
        for (int64_t i = 0; i < ridge->n_query * k; i++)
            additive[i] = ridge->prediction[i] - additive[i];
    }
    memory_free(w);
    memory_free(a);
    return status;
}
