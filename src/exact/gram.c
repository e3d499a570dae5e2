#include "exact/gram.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/vector.h"
#include "exact/gram_parts.h"
#include "exact/sum.h"

void gram_panel_init(struct gram_panel *panel, int64_t n, int64_t first, int64_t width)
{
    ASSERT(first >= 0 && width > 0 && width <= n - first && width <= INT64_MAX / (n - first));
    *panel = (struct gram_panel){.n = n, .first = first, .width = width};
    panel->high = memory_allocate((n - first) * width, sizeof *panel->high);
    panel->low = memory_allocate((n - first) * width, sizeof *panel->low);
}

void gram_panel_clear(struct gram_panel *panel)
{
    memory_free(panel->high);
    memory_free(panel->low);
    *panel = (struct gram_panel){0};
}

/* ---- which way ---- */

/* A product of two entries of a sparse row, somewhere in the panel, takes as long as about this many of a dense one. */
static const double SPARSE_COST = 100;
/* Multiply-adds from which on it pays to try what is fastest here: a second's worth. */
static const double WORTH_A_TRIAL = 4e10;

static bool is_better_sparse(const struct quantised *matrix)
{
    if (quantised_is_dense(matrix))
        return false;
    double entries = (double)matrix->start[matrix->n_row] / (double)(matrix->n_row > 0 ? matrix->n_row : 1);
    double columns = (double)matrix->n_column;
    return SPARSE_COST * entries * entries < columns * columns;
}

/* Which products are faster depends on the CPU, and on whether BLAS knows it: for one that it does not, its products
 * are ten times slower than they could be.  The integers are the same either way. */
static const struct gram_products *faster(struct gram_panel *panel, const struct quantised *matrix)
{
    double products = (double)matrix->n_row * (double)(panel->n - panel->first) * (double)panel->width;
    if (products < WORTH_A_TRIAL)
        return matrix->n_digit <= 2 ? &gram_int8 : &gram_dgemm;
    return gram_trial(panel, matrix, &gram_int8) < gram_trial(panel, matrix, &gram_dgemm) ? &gram_int8 : &gram_dgemm;
}

void gram_add(struct gram_panel *panel, const struct quantised *matrix, enum gram_backend backend)
{
    ASSERT(panel->n == matrix->n_column);
    ASSERT(backend != GRAM_SPARSE || !quantised_is_dense(matrix));
    if (backend == GRAM_SPARSE || (backend == GRAM_AUTO && is_better_sparse(matrix)))
        gram_add_sparse(panel, matrix);
    else if (backend == GRAM_AUTO)
        gram_add_dense(panel, matrix, faster(panel, matrix));
    else
        gram_add_dense(panel, matrix, backend == GRAM_INT8 ? &gram_int8 : &gram_dgemm);
}

int64_t gram_workspace_bytes(int n_digit, int64_t n_column, int64_t width)
{
    int64_t dgemm = gram_dense_bytes(&gram_dgemm, n_digit, n_column, width);
    int64_t int8 = gram_dense_bytes(&gram_int8, n_digit, n_column, width);
    int64_t dense = dgemm > int8 ? dgemm : int8, sparse = gram_sparse_bytes(n_column);
    return dense > sparse ? dense : sparse;
}

/* ---- what a panel's words stand for ---- */

/* sum + error = a + b exactly (Knuth). */
static double two_sum(double a, double b, double *error)
{
    double sum = a + b, from_b = sum - a;
    *error = (a - (sum - from_b)) + (b - from_b);
    return sum;
}

void gram_split(int64_t high, int64_t low, double *first, double *second)
{
    const int64_t low_unit = (int64_t)1 << GRAM_LOW_BITS, high_unit = (int64_t)1 << 30;
    /* Three numbers of at most 53 bits: the last two words of the sum of the first two are multiples of 2^40 below
     * 2^50, so that the third adds to them exactly. */
    high += low / low_unit;
    low %= low_unit;
    int64_t middle = high & (high_unit - 1);
    double error, sum = two_sum((double)(high - middle) * (double)low_unit, (double)middle * (double)low_unit, &error);
    *first = two_sum(sum, error + (double)low, second);
}

/* ---- products with a column ---- */

enum {
    CROSS_ROWS = 256, /* |q| · 2^27 · 256 ≤ 2^62 */
    CROSS_BITS = 27,
    CROSS_LIMIT = 54
};

VECTORISED
static void add_multiple(int64_t *restrict total, int32_t factor, const int32_t *restrict q, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        total[j] += (int64_t)q[j] * factor;
}

static void add_row(const struct quantised *matrix, int64_t i, int32_t factor, int64_t *total)
{
    if (factor == 0)
        return;
    if (quantised_is_dense(matrix)) {
        add_multiple(total, factor, matrix->dense + i * matrix->n_column, matrix->n_column);
        return;
    }
    for (int64_t e = matrix->start[i]; e < matrix->start[i + 1]; e++)
        total[matrix->column[e]] += (int64_t)matrix->q[e] * factor;
}

/* Empties the totals into the sums. */
static void flush(int64_t *total, int64_t n, int exponent, struct sum *sum)
{
    for (int64_t j = 0; j < n; j++) {
        bool is_added = sum_add(&sum[j], total[j], exponent);
        ASSERT(is_added);
        total[j] = 0;
    }
}

void gram_cross(const struct quantised *matrix, const int64_t *y, int y_exponent, struct sum *sum)
{
    const int64_t n = matrix->n_column, limit = (int64_t)1 << CROSS_LIMIT;
    int64_t *high = memory_allocate(n, sizeof *high), *low = memory_allocate(n, sizeof *low);
    for (int64_t first = 0; first < matrix->n_row; first += CROSS_ROWS) {
        const int64_t end = matrix->n_row - first < CROSS_ROWS ? matrix->n_row : first + CROSS_ROWS;
        bool has_high = false;
        for (int64_t i = first; i < end; i++) {
            ASSERT(y[i] >= -limit && y[i] <= limit);
            const int32_t upper = (int32_t)((y[i] + limit + (1 << (CROSS_BITS - 1))) / (1 << CROSS_BITS)) -
                                  (1 << (CROSS_LIMIT - CROSS_BITS));
            add_row(matrix, i, upper, high);
            add_row(matrix, i, (int32_t)(y[i] - (int64_t)upper * (1 << CROSS_BITS)), low);
            has_high = has_high || upper != 0;
        }
        flush(low, n, y_exponent, sum);
        if (has_high)
            flush(high, n, y_exponent + CROSS_BITS, sum);
    }
    memory_free(high);
    memory_free(low);
}
