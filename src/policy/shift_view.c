#include "policy/shift_view.h"

#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/dense.h"

enum {
    LANES = 32, /* partial sums of a row: enough of them to fill the vectors of any CPU */
    CHUNK = 512 /* columns at a time, so that the sums of several vectors stay near */
};

/* ---- one row of n entries against one vector ------------------------------------------------------------------- */

VECTORISED
static void add_scaled(int64_t n, const double *restrict row, double a, double *restrict out)
{
    for (int64_t j = 0; j < n; j++)
        out[j] += row[j] * a;
}

VECTORISED
static void add_scaled_twofold(int64_t n, const double *restrict row, double a, double a_low, double *restrict high,
                               double *restrict low)
{
    for (int64_t j = 0; j < n; j++) {
        twofold_add_product(row[j], a, &high[j], &low[j]);
        low[j] += row[j] * a_low;
    }
}

/* Entry j goes to lane j mod LANES, in every instruction set. */
VECTORISED
static void add_to_lanes(int64_t n, const double *restrict row, const double *restrict t, const double *restrict t_low,
                         double *restrict high, double *restrict low)
{
    for (; n >= LANES; n -= LANES, row += LANES, t += LANES, t_low += LANES)
        for (int64_t lane = 0; lane < LANES; lane++) {
            twofold_add_product(row[lane], t[lane], &high[lane], &low[lane]);
            low[lane] += row[lane] * t_low[lane];
        }
}

static void add_dot_twofold(int64_t n, const double *row, const double *t, const double *t_low, double *high,
                            double *low)
{
    double lane_high[LANES] = {0}, lane_low[LANES] = {0};
    add_to_lanes(n, row, t, t_low, lane_high, lane_low);
    for (int64_t j = n - n % LANES; j < n; j++) {
        twofold_add_product(row[j], t[j], &lane_high[j % LANES], &lane_low[j % LANES]);
        lane_low[j % LANES] += row[j] * t_low[j];
    }
    for (int lane = 0; lane < LANES; lane++) {
        twofold_add_product(lane_high[lane], 1, high, low);
        *low += lane_low[lane];
    }
}

/* ---- X'ᵀ a ----------------------------------------------------------------------------------------------------- */

static void transposed_sparse(const struct rows *rows, const double *a, double *out)
{
    for (int64_t p = 0; p < rows->n_row; p++)
        for (int64_t e = rows->start[p]; e < rows->start[p + 1]; e++)
            out[rows->column[e]] += rows->value[e] * a[p];
}

static void transposed_dense(const struct rows *x, int64_t n, const double *a, double *out)
{
    int64_t m = x->n_column;
    for (int64_t first = 0; first < m; first += CHUNK) {
        int64_t width = m - first < CHUNK ? m - first : CHUNK;
        for (int64_t p = 0; p < x->n_row; p++)
            for (int64_t v = 0; v < n; v++)
                add_scaled(width, x->dense + p * m + first, a[v * x->n_row + p], out + v * m + first);
    }
}

void shift_view_transposed(const struct shift_view *view, int64_t n, const double *a, double *out)
{
    int64_t m = view->x->n_column, n_probe = view->x->n_row;
    memset(out, 0, (size_t)(n * m) * sizeof *out);
    if (rows_are_dense(view->x))
        transposed_dense(view->x, n, a, out);
    for (int64_t v = 0; v < n; v++) {
        if (!rows_are_dense(view->x))
            transposed_sparse(view->x, a + v * n_probe, out + v * m);
        if (view->change != NULL)
            transposed_sparse(view->change->rows, a + v * n_probe, out + v * m);
    }
}

static double low_of(const double *low, int64_t i)
{
    return low == NULL ? 0 : low[i];
}

static void add_transposed_sparse(const struct rows *rows, const double *a, const double *a_low, double *high,
                                  double *low)
{
    for (int64_t p = 0; p < rows->n_row; p++)
        for (int64_t e = rows->start[p]; e < rows->start[p + 1]; e++) {
            int32_t j = rows->column[e];
            twofold_add_product(rows->value[e], a[p], &high[j], &low[j]);
            low[j] += rows->value[e] * low_of(a_low, p);
        }
}

static void add_transposed_dense(const struct rows *x, int64_t n, struct twofold a, struct twofold out)
{
    int64_t m = x->n_column, n_probe = x->n_row;
    for (int64_t first = 0; first < m; first += CHUNK) {
        int64_t width = m - first < CHUNK ? m - first : CHUNK;
        for (int64_t p = 0; p < n_probe; p++)
            for (int64_t v = 0; v < n; v++)
                add_scaled_twofold(width, x->dense + p * m + first, a.high[v * n_probe + p],
                                   low_of(a.low, v * n_probe + p), out.high + v * m + first, out.low + v * m + first);
    }
}

void shift_view_add_transposed(const struct shift_view *view, int64_t n, struct twofold a, struct twofold out)
{
    int64_t m = view->x->n_column, n_probe = view->x->n_row;
    if (rows_are_dense(view->x))
        add_transposed_dense(view->x, n, a, out);
    for (int64_t v = 0; v < n; v++) {
        const double *high = a.high + v * n_probe, *low = a.low == NULL ? NULL : a.low + v * n_probe;
        if (!rows_are_dense(view->x))
            add_transposed_sparse(view->x, high, low, out.high + v * m, out.low + v * m);
        if (view->change != NULL)
            add_transposed_sparse(view->change->rows, high, low, out.high + v * m, out.low + v * m);
    }
}

/* ---- X' t ------------------------------------------------------------------------------------------------------ */

static void add_product_sparse(const struct rows *rows, int64_t p, const double *t, const double *t_low, double *high,
                               double *low)
{
    for (int64_t e = rows->start[p]; e < rows->start[p + 1]; e++) {
        int32_t j = rows->column[e];
        twofold_add_product(rows->value[e], t[j], high, low);
        *low += rows->value[e] * t_low[j];
    }
}

void shift_view_add_product(const struct shift_view *view, int64_t n, struct twofold t, struct twofold out)
{
    int64_t m = view->x->n_column, n_probe = view->x->n_row;
    double *zeros = t.low == NULL ? memory_allocate(n * m, sizeof *zeros) : NULL;
    const double *t_low = t.low == NULL ? zeros : t.low;
    for (int64_t p = 0; p < n_probe; p++)
        for (int64_t v = 0; v < n; v++) {
            double *high = out.high + v * n_probe + p, *low = out.low + v * n_probe + p;
            const double *from = t.high + v * m, *from_low = t_low + v * m;
            if (rows_are_dense(view->x))
                add_dot_twofold(m, view->x->dense + p * m, from, from_low, high, low);
            else
                add_product_sparse(view->x, p, from, from_low, high, low);
            if (view->change != NULL)
                add_product_sparse(view->change->rows, p, from, from_low, high, low);
        }
    memory_free(zeros);
}

void shift_view_add_plain(const struct shift_view *view, int64_t n, const double *t, double *out)
{
    const struct rows *x = view->x;
    int64_t m = x->n_column, n_probe = x->n_row;
    if (rows_are_dense(x)) {
        dense_add_product(n, n_probe, m, t, m, x->dense, m, out, n_probe);
        return;
    }
    for (int64_t v = 0; v < n; v++)
        for (int64_t p = 0; p < n_probe; p++)
            out[v * n_probe + p] += rows_dot(x, p, t + v * m);
}

void shift_view_sparse(const struct shift_view *view, const double *d, double *scratch, double *out, double *moved)
{
    const struct shift_change *change = view->change;
    for (int64_t k = 0; k < change->n_changed; k++)
        scratch[change->feature[k]] = d[k];
    for (int64_t p = 0; p < view->x->n_row; p++) {
        double sum = 0;
        if (rows_are_dense(view->x))
            for (int64_t k = 0; k < change->n_changed; k++)
                sum += view->x->dense[p * view->x->n_column + change->feature[k]] * d[k];
        else
            sum = rows_dot(view->x, p, scratch);
        out[p] = sum;
        moved[p] = rows_dot(change->rows, p, scratch);
    }
    for (int64_t k = 0; k < change->n_changed; k++)
        scratch[change->feature[k]] = 0;
}

void shift_view_column(const struct shift_view *view, int64_t j, double *out)
{
    const struct rows *x = view->x;
    if (rows_are_dense(x)) {
        for (int64_t p = 0; p < x->n_row; p++)
            out[p] = x->dense[p * x->n_column + j];
        return;
    }
    int64_t first, end;
    shift_change_find(view->columns, j, &first, &end);
    memset(out, 0, (size_t)x->n_row * sizeof *out);
    for (int64_t e = first; e < end; e++)
        out[view->columns->probe[e]] = view->columns->value[e];
}
