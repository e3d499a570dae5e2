#include "exact/gemm.h"

#include <string.h>

#include "base/status.h"
#include "base/vector.h"

const struct gemm_backend *const gemm_backends[] = {&gemm_onednn, &gemm_blas, NULL};

const struct gemm_backend *gemm_find(const char *name)
{
    if (strcmp(name, "auto") == 0)
        return gemm_backends[0];
    for (int b = 0; gemm_backends[b] != NULL; b++)
        if (strcmp(name, gemm_backends[b]->name) == 0)
            return gemm_backends[b];
    return NULL;
}

/* q[i,k], put together from its digits. */
static int64_t entry(const struct digits *digits, int64_t i, int64_t k)
{
    int64_t q = 0;
    for (int j = 0; j < digits->n_digit; j++)
        q = q * 128 + digits->plane[j][i * digits->n_column + k];
    return q;
}

struct wide_integer gemm_entry(const struct digits *a, int64_t i, const struct digits *b, int64_t j)
{
    ASSERT(a->n_column == b->n_column);
    ASSERT(i >= 0 && i < a->n_row && j >= 0 && j < b->n_row);
    struct wide_integer sum = {0};
    for (int64_t k = 0; k < a->n_column; k++)
        wide_integer_add(&sum, entry(a, i, k) * entry(b, j, k));
    return sum;
}

VECTORISED
static void join_one(int64_t n, const int32_t *restrict plane, double weight, double *restrict c)
{
    for (int64_t j = 0; j < n; j++)
        c[j] = weight * plane[j];
}

VECTORISED
static void join_two(int64_t n, const int32_t *const *planes, const double *weight, double *restrict c)
{
    const int32_t *restrict first = planes[0], *restrict second = planes[1];
    const double w0 = weight[0], w1 = weight[1];
    for (int64_t j = 0; j < n; j++)
        c[j] = w0 * first[j] + w1 * second[j];
}

VECTORISED
static void join_three(int64_t n, const int32_t *const *planes, const double *weight, double *restrict c)
{
    const int32_t *restrict first = planes[0], *restrict second = planes[1], *restrict third = planes[2];
    const double w0 = weight[0], w1 = weight[1], w2 = weight[2];
    for (int64_t j = 0; j < n; j++)
        c[j] = w0 * first[j] + w1 * second[j] + w2 * third[j];
}

void gemm_join_planes(int n_plane, const double *weight, const int32_t *const *planes, int64_t n, double *c)
{
    ASSERT(n_plane >= 1 && n_plane <= GEMM_MAX_PLANE);
    if (n_plane == 1)
        join_one(n, planes[0], weight[0], c);
    else if (n_plane == 2)
        join_two(n, planes, weight, c);
    else
        join_three(n, planes, weight, c);
}
