/* Exact integer matrix products on digits, with backends that give the same integers. */
#ifndef ASSAY_EXACT_GEMM_H
#define ASSAY_EXACT_GEMM_H

#include <stdint.h>

#include "exact/digits.h"
#include "exact/wide.h"

/* The longest contraction that multiply takes: plans refuse longer rows. */
enum { GEMM_MAX_COLUMN = 1 << 26 };

enum {
    GEMM_MAX_PLANE = 3,         /* of two numbers of 2 digits */
    GEMM_PLANE_COLUMN = 1 << 16 /* 4 · 2^16 · 64² = 2^30 fits int32 */
};

/* Planes of a product of numbers of n_digit ≤ 2 digits each from 128^lowest up. */
static inline int gemm_n_plane(int n_digit, int lowest)
{
    return 2 * n_digit - 1 - lowest;
}

/* One backend per file, one line in the registry. */
struct gemm_backend {
    const char *name; /* "onednn", "blas" */
    const char *text;
    /* C[i,j] = nearest double to the exact integer Σ_k qa[i,k] qb[j,k], for i in [a_row, a_row + m), all rows j of b.
     * a and b have the same n_column ≤ GEMM_MAX_COLUMN, and each its own number of digits.
     * c: m × b->n_row, row-major.  workspace: at least workspace_bytes(…) bytes, aligned to 64.  @local */
    void (*multiply)(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, double *c,
                     void *workspace);
    /* n_digit: the larger of the two; n = b->n_row, k = n_column.  Bounded: tiles of C are computed one by one. */
    /* The same without the products of digits that weigh less than 128^(n_digit − 1) together, for a and b of n_digit
     * each: 1, 3, 6, 10 products of planes instead of 1, 4, 9, 16.  What is left out is of the size of the rounding to
     * digits. */
    void (*multiply_leading)(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, double *c,
                             void *workspace);
    /* The same before the last step, for those who go on with it themselves while it is in cache; NULL if the backend
     * has no such form.  C[i, j] = Σ_w weight[w] planes[w][i · b->n_row + j], w < gemm_n_plane, without the products
     * that weigh less than 128^lowest; the weights are set, too.  For up to 2 digits and GEMM_PLANE_COLUMN columns.
     * @local */
    void (*multiply_planes)(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, int lowest,
                            int32_t *const *planes, double weight[GEMM_MAX_PLANE]);
    /* Of multiply and multiply_leading, for numbers of up to n_digit digits.  @local */
    int64_t (*workspace_bytes)(int n_digit, int64_t m, int64_t n, int64_t k);
};

/* c[j] = Σ_w weight[w] planes[w][j], exactly, for one row of n of what multiply_planes gave.  @local */
void gemm_join_planes(int n_plane, const double *weight, const int32_t *const *planes, int64_t n, double *c);

extern const struct gemm_backend gemm_onednn, gemm_blas;

/* By name; "auto" is onednn, the faster one wherever a CPU multiplies bytes.  NULL if unknown. */
const struct gemm_backend *gemm_find(const char *name);
/* NULL-terminated list of all backends. */
extern const struct gemm_backend *const gemm_backends[];

/* The exact integer itself, for tests and for single entries. */
struct wide_integer gemm_entry(const struct digits *a, int64_t i, const struct digits *b, int64_t j);

#endif
