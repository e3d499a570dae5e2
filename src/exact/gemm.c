#include "exact/gemm.h"

#include <string.h>

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
