#include "policy/shift_update.h"

#include "base/memory.h"
#include "base/vector.h"
#include "exact/dense.h"

enum { PACK = 256 }; /* terms of a product at a time */

VECTORISED
static void add_scaled(int64_t n, const double *restrict row, double a, double *restrict out)
{
    for (int64_t j = 0; j < n; j++)
        out[j] += a * row[j];
}

void shift_add_scaled(int64_t n, const double *row, double a, double *out)
{
    add_scaled(n, row, a, out);
}

/* Whether products of packed panels are worth it: dense features, and changes that are not few. */
static bool is_dense(const struct shift_view *view)
{
    const struct shift_change *change = view->change;
    return rows_are_dense(view->x) && change->start[change->n_changed] >= change->n_changed * view->x->n_row / 8;
}

/* Column k of V: that of X and half that of ΔX. */
static void middle_column(const struct shift_view *view, int64_t k, double *out)
{
    const struct shift_change *change = view->change;
    shift_view_column(view, change->feature[k], out);
    for (int64_t e = change->start[k]; e < change->start[k + 1]; e++)
        out[change->probe[e]] += 0.5 * change->value[e];
}

/* ---- dual: n_probe square -------------------------------------------------------------------------------------- */

static void dual_half_dense(const struct shift_view *view, double *half)
{
    const struct shift_change *change = view->change;
    int64_t n = view->x->n_row, m = view->x->n_column;
    double *middle = memory_allocate(n * PACK, sizeof *middle), *moved = memory_allocate(n * PACK, sizeof *moved);
    for (int64_t first = 0; first < change->n_changed; first += PACK) {
        int64_t width = change->n_changed - first < PACK ? change->n_changed - first : PACK;
        for (int64_t p = 0; p < n; p++)
            for (int64_t k = 0; k < width; k++) {
                moved[p * PACK + k] = 0;
                middle[p * PACK + k] = view->x->dense[p * m + change->feature[first + k]];
            }
        for (int64_t k = 0; k < width; k++)
            for (int64_t e = change->start[first + k]; e < change->start[first + k + 1]; e++) {
                int64_t at = change->probe[e] * (int64_t)PACK + k;
                moved[at] = change->value[e];
                middle[at] += 0.5 * change->value[e];
            }
        dense_add_product(n, n, width, moved, PACK, middle, PACK, half, n);
    }
    memory_free(moved);
    memory_free(middle);
}

static void dual_half_sparse(const struct shift_view *view, double *half)
{
    const struct shift_change *change = view->change;
    int64_t n = view->x->n_row;
    double *middle = memory_allocate_raw(n, sizeof *middle), *value = memory_allocate_raw(n, sizeof *value);
    int64_t *probe = memory_allocate_raw(n, sizeof *probe);
    for (int64_t k = 0; k < change->n_changed; k++) {
        int64_t n_entry = 0; /* of V's column */
        middle_column(view, k, middle);
        for (int64_t p = 0; p < n; p++) {
            probe[n_entry] = p;
            value[n_entry] = middle[p];
            n_entry += middle[p] != 0;
        }
        for (int64_t e = change->start[k]; e < change->start[k + 1]; e++) {
            double *row = half + change->probe[e] * n, moved = change->value[e];
            if (2 * n_entry > n)
                add_scaled(n, middle, moved, row);
            else
                for (int64_t i = 0; i < n_entry; i++)
                    row[probe[i]] += moved * value[i];
        }
    }
    memory_free(probe);
    memory_free(value);
    memory_free(middle);
}

static void dual_columns(const struct shift_view *view, double *columns)
{
    const struct shift_change *change = view->change;
    int64_t n = view->x->n_row, c = change->n_changed;
    for (int64_t k = 0; k < c; k++) {
        middle_column(view, k, columns + k * n);
        for (int64_t e = change->start[k]; e < change->start[k + 1]; e++)
            columns[(c + k) * n + change->probe[e]] = change->value[e];
    }
}

/* ---- primal: 1 + n_feature square ------------------------------------------------------------------------------ */

/* Where the rows of changed features go: row of feature k is at out + place[k] · n. */
struct target {
    double *out;
    const int64_t *place;
};

static void primal_rows_dense(const struct shift_view *view, const struct target *target, int64_t n)
{
    const struct shift_change *change = view->change;
    int64_t m = view->x->n_column, c = change->n_changed, n_probe = view->x->n_row;
    double *middle = memory_allocate(n * PACK, sizeof *middle), *moved = memory_allocate(c * PACK, sizeof *moved);
    int64_t *entry = memory_allocate(c, sizeof *entry); /* the next one of every changed feature */
    for (int64_t k = 0; k < c; k++)
        entry[k] = change->start[k];
    for (int64_t first = 0; first < n_probe; first += PACK) {
        int64_t width = n_probe - first < PACK ? n_probe - first : PACK;
        for (int64_t p = 0; p < width; p++) {
            middle[p] = 1;
            for (int64_t j = 0; j < m; j++)
                middle[(1 + j) * PACK + p] = view->x->dense[(first + p) * m + j];
        }
        for (int64_t k = 0; k < c; k++) {
            for (int64_t p = 0; p < width; p++)
                moved[k * PACK + p] = 0;
            for (; entry[k] < change->start[k + 1] && change->probe[entry[k]] < first + width; entry[k]++) {
                int64_t p = change->probe[entry[k]] - first;
                moved[k * PACK + p] = change->value[entry[k]];
                middle[(1 + change->feature[k]) * (int64_t)PACK + p] += 0.5 * change->value[entry[k]];
            }
        }
        for (int64_t k = 0; k < c;) { /* runs of rows that lie one after another */
            int64_t run = 1;
            while (k + run < c && target->place[k + run] == target->place[k] + run)
                run++;
            dense_add_product(run, n, width, moved + k * PACK, PACK, middle, PACK, target->out + target->place[k] * n,
                              n);
            k += run;
        }
    }
    memory_free(entry);
    memory_free(moved);
    memory_free(middle);
}

/* out[1 + j] += a row_p[j], out[0] += a. */
static void add_probe(const struct rows *x, int64_t p, double a, double *out)
{
    out[0] += a;
    if (rows_are_dense(x))
        add_scaled(x->n_column, x->dense + p * x->n_column, a, out + 1);
    else
        for (int64_t e = x->start[p]; e < x->start[p + 1]; e++)
            out[1 + x->column[e]] += a * x->value[e];
}

static void primal_rows_sparse(const struct shift_view *view, const struct target *target, int64_t n)
{
    const struct shift_change *change = view->change;
    const struct rows *moved = change->rows;
    for (int64_t k = 0; k < change->n_changed; k++) {
        double *out = target->out + target->place[k] * n;
        for (int64_t e = change->start[k]; e < change->start[k + 1]; e++) {
            int64_t p = change->probe[e];
            add_probe(view->x, p, change->value[e], out);
            for (int64_t i = moved->start[p]; i < moved->start[p + 1]; i++)
                out[1 + moved->column[i]] += 0.5 * change->value[e] * moved->value[i];
        }
    }
}

static void primal_rows(const struct shift_view *view, const struct target *target)
{
    int64_t n = view->x->n_column + 1;
    if (is_dense(view))
        primal_rows_dense(view, target, n);
    else
        primal_rows_sparse(view, target, n);
}

/* ---------------------------------------------------------------------------------------------------------------- */

void shift_update_half(const struct shift_base *base, const struct shift_view *view, double *half)
{
    const struct shift_change *change = view->change;
    if (base->dual && is_dense(view)) {
        dual_half_dense(view, half);
    } else if (base->dual) {
        dual_half_sparse(view, half);
    } else {
        int64_t *place = memory_allocate(change->n_changed, sizeof *place);
        for (int64_t k = 0; k < change->n_changed; k++)
            place[k] = 1 + change->feature[k];
        primal_rows(view, &(struct target){half, place});
        memory_free(place);
    }
}

void shift_update_columns(const struct shift_base *base, const struct shift_view *view, double *columns)
{
    const struct shift_change *change = view->change;
    int64_t n = view->x->n_column + 1, c = change->n_changed;
    if (base->dual) {
        dual_columns(view, columns);
        return;
    }
    int64_t *place = memory_allocate(c, sizeof *place);
    for (int64_t k = 0; k < c; k++) {
        place[k] = k;
        columns[(c + k) * n + 1 + change->feature[k]] = 1;
    }
    primal_rows(view, &(struct target){columns, place});
    memory_free(place);
}
