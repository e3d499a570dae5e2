#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "exact/dense.h"
#include "exact/dense_product.h"
#include "exact/dense_triangle.h"

enum {
    SMALL = 32, /* blocks up to this size are factored element by element */
    BLOCK = 128 /* rows of an inverse at a time */
};

/* Rows and columns [first, first + n) of a matrix. */
struct block {
    double *a; /* borrowed; its first element */
    int64_t n, stride;
    int64_t first;
};

static enum status factor_small(const struct block *block)
{
    for (int64_t j = 0; j < block->n; j++)
        for (int64_t i = j; i < block->n; i++) {
            const double *row_i = block->a + i * block->stride, *row_j = block->a + j * block->stride;
            double sum = row_i[j];
            for (int64_t k = 0; k < j; k++)
                sum -= row_i[k] * row_j[k];
            if (i == j && !(sum > 0 && isfinite(sum)))
                return fail(NOT_CONVERGED,
                            "expected a positive definite matrix of %lld rows, found %g as pivot %lld of its Cholesky "
                            "factor (the first is 0): add more to its diagonal",
                            (long long)block->stride, sum, (long long)(block->first + j));
            block->a[i * block->stride + j] = i == j ? sqrt(sum) : sum / row_j[j];
        }
    return STATUS_OK;
}

/* By halves: every element is still reduced by k = 0, 1, 2, … in turn, then divided. */
static enum status factor(const struct block *block)
{
    if (block->n <= SMALL)
        return factor_small(block);
    const int64_t half = block->n / 2, rest = block->n - half, stride = block->stride;
    const struct block top = {block->a, half, stride, block->first};
    const struct block bottom = {block->a + half * stride + half, rest, stride, block->first + half};
    double *below = block->a + half * stride;
    enum status status = factor(&top);
    if (status)
        return status;
    dense_substitute_forward(&(struct dense_triangle){.first = top.a, .n = half, .row = stride, .column = 1}, rest,
                             below, stride);
    dense_product(&(struct dense_product){
        .m = rest,
        .n = rest,
        .k = half,
        .a = {below, stride, 1},
        .b = {below, stride, 1},
        .is_subtracted = true,
        .is_lower = true,
        .c = bottom.a,
        .c_stride = stride,
    });
    return factor(&bottom);
}

enum status dense_cholesky(int64_t n, double *a)
{
    return factor(&(struct block){a, n, n, 0});
}

/* The upper triangle of the block, all zero so far, becomes L⁻ᵀ of the same rows and columns of L: row i is L⁻¹ e_i. */
static void invert_triangle(const struct block *block, const double *l)
{
    const int64_t n = block->n, stride = block->stride;
    if (n <= SMALL) {
        for (int64_t i = 0; i < n; i++)
            block->a[i * stride + i] = 1;
        dense_substitute_forward(&(struct dense_triangle){.first = l, .n = n, .row = stride, .column = 1}, n, block->a,
                                 stride);
        return;
    }
    const int64_t half = n / 2, rest = n - half;
    const struct block top = {block->a, half, stride, 0}, bottom = {block->a + half * stride + half, rest, stride, 0};
    const double *l_below = l + half * stride, *l_bottom = l_below + half;
    invert_triangle(&top, l);
    dense_product(&(struct dense_product){
        .m = half,
        .n = rest,
        .k = half,
        .a = {top.a, stride, 1},
        .b = {l_below, stride, 1},
        .is_subtracted = true,
        .c = top.a + half,
        .c_stride = stride,
    });
    dense_substitute_forward(&(struct dense_triangle){.first = l_bottom, .n = rest, .row = stride, .column = 1}, half,
                             top.a + half, stride);
    invert_triangle(&bottom, l_bottom);
}

/* Rows [first, first + rows) of the lower triangle of U Uᵀ, where U is the upper triangle of the matrix.  Later rows no
 * longer need the corner of U on the diagonal: its copy goes to `corner` (rows × rows), with zeros below the diagonal,
 * to make room for the result. */
static void square_rows(int64_t n, double *u, int64_t first, int64_t rows, double *corner)
{
    double *c = u + first * n;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < rows; j++)
            corner[i * rows + j] = j < i ? 0 : c[i * n + first + j];
        memset(c + i * n, 0, (size_t)(first + i + 1) * sizeof *c);
    }
    const int64_t end = first + rows;
    const struct dense_operand near = {corner, rows, 1}, far = {c + end, n, 1};
    struct dense_product left = {
        .m = rows, .n = first, .k = rows, .a = near, .b = {u + first, n, 1}, .c = c, .c_stride = n};
    dense_product(&left);
    left.k = n - end;
    left.a = far;
    left.b.first = u + end;
    dense_product(&left);
    struct dense_product square = {
        .m = rows, .n = rows, .k = rows, .a = near, .b = near, .is_lower = true, .c = c + first, .c_stride = n};
    dense_product(&square);
    square.k = n - end;
    square.a = square.b = far;
    dense_product(&square);
}

/* A⁻¹ = L⁻ᵀ L⁻¹ = U Uᵀ. */
void dense_inverse(int64_t n, const double *l, double *inverse)
{
    memset(inverse, 0, (size_t)(n * n) * sizeof *inverse);
    invert_triangle(&(struct block){inverse, n, n, 0}, l);
    double *corner = memory_allocate_raw(BLOCK * BLOCK, sizeof *corner);
    for (int64_t first = 0; first < n; first += BLOCK)
        square_rows(n, inverse, first, n - first < BLOCK ? n - first : BLOCK, corner);
    memory_free(corner);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            inverse[j * n + i] = inverse[i * n + j];
}
