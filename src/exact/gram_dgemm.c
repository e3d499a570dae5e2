/* dgemm on integer-valued doubles.  Of up to 3 digits |q| ≤ 2^20, and 2,048 products sum to 2^51 at most; of 4 digits
 * the right side goes in parts of at most 2^13, and 2^27 · 2^13 is 2^40 again.  Sums below 2^53 are exact in any order,
 * fused or not. */
#include <cblas.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/gram_parts.h"

enum { BLOCK_ROWS = 2048, DIGITS_AT_ONCE = 3 };

static int n_part(int n_digit, bool is_left)
{
    return is_left || n_digit <= DIGITS_AT_ONCE ? 1 : 2;
}

static int64_t operand_bytes(int n_digit, bool is_left, int64_t n_row, int64_t n_column)
{
    return n_part(n_digit, is_left) * n_row * n_column * (int64_t)sizeof(double);
}

static int64_t workspace_bytes(int n_digit)
{
    (void)n_digit;
    return 0;
}

VECTORISED
static void widen(const int32_t *restrict q, int64_t n, double *restrict out)
{
    for (int64_t j = 0; j < n; j++)
        out[j] = q[j];
}

/* q = high · 2^14 + low, |low| ≤ 2^13. */
VECTORISED
static void widen_parts(const int32_t *restrict q, int64_t n, double *restrict high, double *restrict low)
{
    const int32_t half = 1 << (GRAM_PART_BITS - 1);
    for (int64_t j = 0; j < n; j++) {
        int32_t part = (q[j] + half) >> GRAM_PART_BITS;
        high[j] = part;
        low[j] = q[j] - part * (1 << GRAM_PART_BITS);
    }
}

static double *part_of(const struct gram_operand *operand, int part)
{
    return (double *)operand->memory + part * operand->n_row * operand->n_column;
}

static void prepare(const struct gram_operand *operand, const struct gram_view *view)
{
    const int64_t n = operand->n_column;
    for (int64_t i = 0; i < operand->n_row; i++) {
        const int32_t *q = view->q + i * view->stride;
        if (operand->n_part == 1)
            widen(q, n, part_of(operand, 0) + i * n);
        else
            widen_parts(q, n, part_of(operand, 1) + i * n, part_of(operand, 0) + i * n);
    }
}

static void multiply(const struct gram_operand *left, int left_part, const struct gram_operand *right, int right_part,
                     int64_t n, double *c, void *workspace)
{
    (void)workspace;
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, to_int(left->n_column), to_int(n), to_int(left->n_row), 1,
                part_of(left, left_part), to_int(left->n_column), part_of(right, right_part), to_int(right->n_column),
                0, c, to_int(n));
}

const struct gram_products gram_dgemm = {
    .block_rows = BLOCK_ROWS,
    .n_part = n_part,
    .operand_bytes = operand_bytes,
    .workspace_bytes = workspace_bytes,
    .prepare = prepare,
    .multiply = multiply,
};
