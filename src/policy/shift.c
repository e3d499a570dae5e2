#include "policy/shift.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "policy/shift_parts.h"
#include "policy/shift_update.h"

void shift_init(struct shift *shift, int64_t n_behaviour, int64_t n_feature)
{
    int64_t n = n_behaviour * n_feature;
    *shift = (struct shift){.n_behaviour = n_behaviour,
                            .n_feature = n_feature,
                            .x = memory_allocate(n, sizeof(double)),
                            .y = memory_allocate(n, sizeof(double)),
                            .interaction = memory_allocate(n, sizeof(double)),
                            .first_order = memory_allocate(n, sizeof(double)),
                            .intercept = memory_allocate(n_behaviour, sizeof(double))};
}

void shift_clear(struct shift *shift)
{
    memory_free(shift->x);
    memory_free(shift->y);
    memory_free(shift->interaction);
    memory_free(shift->first_order);
    memory_free(shift->intercept);
    *shift = (struct shift){0};
}

static bool is_dual(int64_t n_probe, int64_t n_feature)
{
    return n_probe <= n_feature + 1;
}

/* ---- preparing ------------------------------------------------------------------------------------------------- */

/* Features of a sparse autoencoder often come as dense rows of zeros: products then skip them. */
static void make_sparse(const struct rows *x, struct rows *sparse)
{
    int64_t m = x->n_column, n_entry = 0;
    if (!rows_are_dense(x))
        return;
    for (int64_t i = 0; i < x->n_row * m; i++)
        n_entry += x->dense[i] != 0;
    if (n_entry > x->n_row * m / 4)
        return;
    int32_t *columns = memory_allocate_raw(m, sizeof *columns);
    double *values = memory_allocate_raw(m, sizeof *values);
    rows_init_sparse(sparse, m);
    for (int64_t p = 0; p < x->n_row; p++) {
        int64_t k = 0;
        for (int64_t j = 0; j < m; j++)
            if (x->dense[p * m + j] != 0) {
                columns[k] = (int32_t)j;
                values[k++] = x->dense[p * m + j];
            }
        rows_add(sparse, k, columns, values);
    }
    memory_free(values);
    memory_free(columns);
}

/* Lower triangle of X Xᵀ, or of ZᵀZ. */
static void make_small(const struct rows *x, bool dual, double *small)
{
    int64_t m = x->n_column, s = dual ? x->n_row : m + 1;
    double *row = memory_allocate(m + 1, sizeof *row);
    row[0] = 1;
    for (int64_t p = 0; p < x->n_row; p++) {
        rows_get(x, p, row + 1);
        if (dual)
            for (int64_t q = 0; q <= p; q++)
                small[p * s + q] = rows_dot(x, q, row + 1);
        else
            for (int64_t i = 0; i < s; i++)
                if (row[i] != 0)
                    shift_add_scaled(i + 1, row, row[i], small + i * s);
    }
    memory_free(row);
}

/* The form with the smaller system is not only the faster one: in the other, what is asked for is a small difference of
 * large numbers when λ is small. */
static void choose_form(const struct shift_base *base, struct shift_study *study)
{
    study->base = *base;
    make_sparse(base->x, &study->sparse);
    if (study->sparse.n_row > 0)
        study->base.x = &study->sparse;
    if (!rows_are_dense(study->base.x))
        shift_change_init(&study->columns, study->base.x);
    study->n_probe = base->x->n_row;
    study->n_feature = base->x->n_column;
    study->n_behaviour = base->n_behaviour;
    study->base.dual = is_dual(study->n_probe, study->n_feature);
    study->n_small = study->base.dual ? study->n_probe : study->n_feature + 1;
    if (study->base.dual == base->dual)
        return;
    study->small = memory_allocate(study->n_small * study->n_small, sizeof *study->small);
    make_small(study->base.x, study->base.dual, study->small);
    study->base.small = study->small;
}

/* The square root of the diagonal: unknowns times it are of one kind, however the features are scaled. */
static void find_scale(struct shift_study *study)
{
    for (int64_t i = 0; i < study->n_small; i++)
        study->scale[i] = sqrt(study->base.small[i * study->n_small + i] + study->base.lambda);
}

enum status shift_prepare(const struct shift_base *base, enum shift_route route, struct shift_study **study)
{
    struct shift_study *made = memory_allocate(1, sizeof *made);
    made->route = route;
    choose_form(base, made);
    made->lower = memory_allocate_raw(made->n_small * made->n_small, sizeof(double));
    made->work = memory_allocate_raw(made->n_small * made->n_small, sizeof(double));
    made->scale = memory_allocate(made->n_small, sizeof(double));
    made->ones = memory_allocate(made->base.dual ? made->n_probe : 0, sizeof(double));
    made->weight = memory_allocate(made->n_behaviour * made->n_feature, sizeof(double));
    made->residual = memory_allocate(made->n_behaviour * made->n_probe, sizeof(double));
    made->scratch = memory_allocate(made->n_feature, sizeof(double));
    find_scale(made);
    enum status status = shift_factor_base(&made->base, made->lower);
    if (status == STATUS_OK)
        status = made->base.dual ? shift_fit_dual(made) : shift_fit_primal(made);
    if (status == STATUS_OK)
        *study = made;
    else
        shift_study_destroy(made);
    return status;
}

void shift_study_destroy(struct shift_study *study)
{
    if (study == NULL)
        return;
    shift_change_clear(&study->change);
    shift_change_clear(&study->columns);
    rows_clear(&study->sparse);
    memory_free(study->small);
    memory_free(study->lower);
    memory_free(study->work);
    memory_free(study->scale);
    memory_free(study->ones);
    memory_free(study->weight);
    memory_free(study->residual);
    memory_free(study->scratch);
    memory_free(study);
}

const double *shift_deviation(const struct shift_study *study)
{
    return study->base.deviation;
}

/* ---- one pair -------------------------------------------------------------------------------------------------- */

static enum status compute(struct shift_study *study, enum shift_route route, const double *behaviour,
                           struct shift *shift)
{
    struct shift_view view = shift_base_view(study);
    view.change = &study->change;
    struct shift_factor factor;
    enum status status = shift_factor_change(&study->base, &view, study->lower, route, study->work, &factor);
    if (status == STATUS_OK)
        status = study->base.dual ? shift_pair_dual(study, &factor, behaviour, shift)
                                  : shift_pair_primal(study, &factor, behaviour, shift);
    shift_factor_clear(&factor);
    return status;
}

static enum status check_finite(const struct shift *shift)
{
    for (int64_t i = 0; i < shift->n_behaviour * shift->n_feature; i++)
        if (!isfinite(shift->x[i]) || !isfinite(shift->y[i]) || !isfinite(shift->first_order[i]))
            return fail(NOT_CONVERGED,
                        "expected shifts in the range of double precision, found one that is not finite");
    return STATUS_OK;
}

enum status shift_compute(struct shift_study *study, const struct rows *change, const double *behaviour,
                          struct shift *shift)
{
    ASSERT(change->n_row == study->n_probe && change->n_column == study->n_feature && !rows_are_dense(change));
    shift_change_clear(&study->change);
    shift_change_init(&study->change, change);
    enum status status = compute(study, study->route, behaviour, shift);
    if (status != STATUS_OK && study->route != SHIFT_REFACTOR) /* a low-rank update can lose what a factor keeps */
        status = compute(study, SHIFT_REFACTOR, behaviour, shift);
    return status == STATUS_OK ? check_finite(shift) : status;
}

/* ---- size ------------------------------------------------------------------------------------------------------ */

int64_t shift_bytes(const struct shift_shape *shape)
{
    double n_probe = (double)shape->n_probe, m = (double)shape->n_feature, n = (double)shape->n_behaviour;
    double entries = n_probe * shape->row_entries, changed = n_probe * shape->change_entries;
    bool dual = is_dual(shape->n_probe, shape->n_feature), dense = shape->row_entries >= m;
    double s = dual ? n_probe : m + 1, kept = (double)shape->n_kept;
    double matrices = (dual == shape->dual ? 2.75 : 3.75) * s * s; /* two factors, low-rank update; a small matrix */
    double vectors = n * (20 * m + 20 * n_probe);
    double packed = dense ? 512 * s : 0, sources = 4 * kept * (n_probe + m);
    /* 12 bytes per entry by row and by column; rows that grow may have twice the room they need. */
    double features = (dense ? 6 : 24) * entries + 36 * changed;
    double bytes = 8 * (matrices + vectors + packed + sources) + features;
    return bytes < 9e18 ? (int64_t)bytes : INT64_MAX;
}

double shift_operations(const struct shift_shape *shape)
{
    double n_probe = (double)shape->n_probe, m = (double)shape->n_feature, n = (double)shape->n_behaviour;
    double entries = n_probe * shape->row_entries, changed = n_probe * shape->change_entries;
    double s = is_dual(shape->n_probe, shape->n_feature) ? n_probe : m + 1;
    double factor = s * s * s / 6 + changed * (s == n_probe ? entries / m : entries / n_probe);
    double solves = n * (12 * s * s + 30 * (entries + changed)); /* refined: ten operations a product, some steps */
    double sources = n * (double)shape->n_kept * (s * s + entries);
    return factor + solves + sources;
}
