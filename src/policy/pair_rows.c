#include "policy/pair_rows.h"

#include "base/memory.h"

enum breadth { PER_BEHAVIOUR, PER_KEPT, PER_SOURCE }; /* elements of a row, per behaviour: 1, n_kept, n_kept² */

static const struct {
    const char *path;
    enum table_type type;
    enum breadth breadth;
    const char *unit, *text;
} figures[N_PAIR_FIGURES] = {
    [PAIR_SHIFT_NORM] = {"/pairs/shift_norm", TABLE_F64, PER_BEHAVIOUR, "behaviour",
                         "Euclidean norm over features of the pair's exact shift of the coefficients, each times the "
                         "deviation of its feature"},
    [PAIR_X_NORM] = {"/pairs/x_norm", TABLE_F64, PER_BEHAVIOUR, "behaviour",
                     "the same norm of the pathway through feature activations: w(X', y) - w(X, y)"},
    [PAIR_Y_NORM] = {"/pairs/y_norm", TABLE_F64, PER_BEHAVIOUR, "behaviour",
                     "the same norm of the pathway through behaviour: w(X', y') - w(X', y)"},
    [PAIR_INTERACTION_NORM] = {"/pairs/interaction_norm", TABLE_F64, PER_BEHAVIOUR, "behaviour",
                               "the same norm of w(X', y') - w(X', y) - w(X, y') + w(X, y): what the split into "
                               "pathways leaves open"},
    [PAIR_FIRST_ORDER_ERROR] = {"/pairs/first_order_error", TABLE_F64, PER_BEHAVIOUR, "1",
                                "norm of the first-order shift minus the exact one, relative to the exact one"},
    [PAIR_INTERCEPT_SHIFT] = {"/pairs/intercept_shift", TABLE_F64, PER_BEHAVIOUR, "behaviour",
                              "exact shift of the intercept"},
    [PAIR_OFF_TARGET_SHARE] = {"/pairs/off_target_share", TABLE_F64, PER_BEHAVIOUR, "1",
                               "1 - sum of |shift| over intended features / sum of |shift| over all; NaN where nothing "
                               "is known to be intended"},
    [PAIR_SOURCE_SHARE] = {"/pairs/source_off_diagonal_share", TABLE_F64, PER_BEHAVIOUR, "1",
                           "part of the first-order shift of the kept features (magnitudes, times deviation) that "
                           "comes from changes of other features"},
    [PAIR_DOMINANT] = {"/pairs/dominant", TABLE_I64, PER_BEHAVIOUR, "feature",
                       "feature with the largest |shift| x deviation; -1 where nothing moved"},
    [PAIR_INTERFERES] = {"/pairs/interferes", TABLE_I8, PER_BEHAVIOUR, "1",
                         "1 where the dominant feature is not intended, 0 where it is or nothing moved, -1 where "
                         "nothing is known to be intended"},
    [PAIR_TOP_FEATURE] = {"/pairs/top/feature", TABLE_I64, PER_KEPT, "feature",
                          "features with the largest |shift| x deviation, largest first"},
    [PAIR_TOP_SHIFT] = {"/pairs/top/shift", TABLE_F64, PER_KEPT, "behaviour per feature unit",
                        "exact shift of the coefficient, w(X', y') - w(X, y)"},
    [PAIR_TOP_X] = {"/pairs/top/x", TABLE_F64, PER_KEPT, "behaviour per feature unit",
                    "pathway through feature activations, w(X', y) - w(X, y)"},
    [PAIR_TOP_Y] = {"/pairs/top/y", TABLE_F64, PER_KEPT, "behaviour per feature unit",
                    "pathway through behaviour, w(X', y') - w(X', y)"},
    [PAIR_TOP_SHAPLEY_X] = {"/pairs/top/shapley_x", TABLE_F64, PER_KEPT, "behaviour per feature unit",
                            "mean over both orders of the changes of the part due to feature activations"},
    [PAIR_TOP_SHAPLEY_Y] = {"/pairs/top/shapley_y", TABLE_F64, PER_KEPT, "behaviour per feature unit",
                            "mean over both orders of the changes of the part due to behaviour"},
    [PAIR_TOP_INTERACTION] = {"/pairs/top/interaction", TABLE_F64, PER_KEPT, "behaviour per feature unit",
                              "w(X', y') - w(X', y) - w(X, y') + w(X, y)"},
    [PAIR_TOP_FIRST_ORDER] = {"/pairs/top/first_order", TABLE_F64, PER_KEPT, "behaviour per feature unit",
                              "shift of the coefficient to first order in both changes"},
    [PAIR_SOURCE] = {"/pairs/source", TABLE_F64, PER_SOURCE, "behaviour per feature unit",
                     "first-order shift of a kept coefficient (row) that comes from the change of a kept feature "
                     "(column), row by row; features as in /pairs/top/feature"},
};

static int64_t row_elements(enum breadth breadth, int64_t n_behaviour, int64_t n_kept)
{
    return n_behaviour * (breadth == PER_BEHAVIOUR ? 1 : breadth == PER_KEPT ? n_kept : n_kept * n_kept);
}

void pair_rows_datasets(int64_t n_pair, int64_t n_behaviour, int64_t n_kept, struct dataset *datasets)
{
    for (int f = 0; f < N_PAIR_FIGURES; f++)
        datasets[f] = (struct dataset){.path = figures[f].path,
                                       .type = figures[f].type,
                                       .n_dim = figures[f].breadth == PER_BEHAVIOUR ? 2 : 3,
                                       .dims = {n_pair, n_behaviour, row_elements(figures[f].breadth, 1, n_kept)},
                                       .unit = figures[f].unit,
                                       .text = figures[f].text};
}

static int64_t row_bytes(int f, int64_t n_behaviour, int64_t n_kept)
{
    return row_elements(figures[f].breadth, n_behaviour, n_kept) * (figures[f].type == TABLE_I8 ? 1 : 8);
}

int64_t pair_rows_bytes(int64_t n_most, int64_t n_behaviour, int64_t n_kept)
{
    int64_t bytes = 0;
    for (int f = 0; f < N_PAIR_FIGURES; f++)
        bytes += n_most * row_bytes(f, n_behaviour, n_kept);
    return bytes;
}

void pair_rows_init(int64_t n_most, int64_t n_behaviour, int64_t n_kept, struct pair_rows *rows)
{
    *rows = (struct pair_rows){.n_behaviour = n_behaviour, .n_kept = n_kept};
    for (int f = 0; f < N_PAIR_FIGURES; f++)
        rows->data[f] = memory_allocate(n_most * row_bytes(f, n_behaviour, n_kept), 1);
}

void pair_rows_clear(struct pair_rows *rows)
{
    for (int f = 0; f < N_PAIR_FIGURES; f++)
        memory_free(rows->data[f]);
    *rows = (struct pair_rows){0};
}

/* ---- filling --------------------------------------------------------------------------------------------------- */

static double *numbers(const struct pair_rows *rows, enum pair_figure f)
{
    return rows->data[f];
}

static void set_effect(struct pair_rows *rows, int64_t at, const struct pair_effect *effect)
{
    numbers(rows, PAIR_SHIFT_NORM)[at] = effect->shift;
    numbers(rows, PAIR_X_NORM)[at] = effect->x;
    numbers(rows, PAIR_Y_NORM)[at] = effect->y;
    numbers(rows, PAIR_INTERACTION_NORM)[at] = effect->interaction;
    numbers(rows, PAIR_FIRST_ORDER_ERROR)[at] = effect->first_order_error;
    numbers(rows, PAIR_INTERCEPT_SHIFT)[at] = effect->intercept;
    numbers(rows, PAIR_OFF_TARGET_SHARE)[at] = effect->off_target;
    ((int64_t *)rows->data[PAIR_DOMINANT])[at] = effect->dominant;
    ((int8_t *)rows->data[PAIR_INTERFERES])[at] = effect->interferes;
}

static void set_top(struct pair_rows *rows, int64_t at, const struct shift *shift, int64_t i)
{
    numbers(rows, PAIR_TOP_SHIFT)[at] = shift_total(shift, i);
    numbers(rows, PAIR_TOP_X)[at] = shift->x[i];
    numbers(rows, PAIR_TOP_Y)[at] = shift->y[i];
    numbers(rows, PAIR_TOP_SHAPLEY_X)[at] = shift_shapley_x(shift, i);
    numbers(rows, PAIR_TOP_SHAPLEY_Y)[at] = shift_shapley_y(shift, i);
    numbers(rows, PAIR_TOP_INTERACTION)[at] = shift->interaction[i];
    numbers(rows, PAIR_TOP_FIRST_ORDER)[at] = shift->first_order[i];
}

/* The source-feature matrix of the kept features, and the part of it that comes from other features. */
static void set_source(struct pair_rows *rows, int64_t at, struct shift_study *study, int64_t behaviour,
                       const double *deviation)
{
    int64_t n_kept = rows->n_kept;
    const int64_t *kept = (const int64_t *)rows->data[PAIR_TOP_FEATURE] + at * n_kept;
    double *all = memory_allocate(n_kept, sizeof *all), *off = memory_allocate(n_kept, sizeof *off);
    const struct shift_sources sources = {numbers(rows, PAIR_SOURCE) + at * n_kept * n_kept, all, off};
    shift_source(study, behaviour, n_kept, kept, &sources);
    double sum = 0, other = 0;
    for (int64_t k = 0; k < n_kept; k++) {
        sum += all[k] * deviation[kept[k]];
        other += off[k] * deviation[kept[k]];
    }
    numbers(rows, PAIR_SOURCE_SHARE)[at] = sum > 0 ? other / sum : 0;
    memory_free(off);
    memory_free(all);
}

void pair_rows_set(struct pair_rows *rows, int64_t i, int64_t pair, const struct pair_intended *known,
                   struct shift_study *study, const struct shift *shift)
{
    const double *deviation = shift_deviation(study);
    int64_t *kept = rows->data[PAIR_TOP_FEATURE];
    for (int64_t b = 0; b < rows->n_behaviour; b++) {
        int64_t at = i * rows->n_behaviour + b;
        struct pair_effect effect;
        pair_effect_find(shift, b, deviation, known, pair, &effect);
        set_effect(rows, at, &effect);
        pair_effect_keep(shift, b, deviation, rows->n_kept, kept + at * rows->n_kept);
        for (int64_t k = 0; k < rows->n_kept; k++)
            set_top(rows, at * rows->n_kept + k, shift, b * shift->n_feature + kept[at * rows->n_kept + k]);
        set_source(rows, at, study, b, deviation);
    }
}

const int8_t *pair_rows_interferes(const struct pair_rows *rows, int64_t i)
{
    return (const int8_t *)rows->data[PAIR_INTERFERES] + i * rows->n_behaviour;
}

enum status pair_rows_write(const struct pair_rows *rows, struct table *table, int64_t first, int64_t n)
{
    enum status status = STATUS_OK;
    for (int f = 0; f < N_PAIR_FIGURES && status == STATUS_OK; f++)
        status = table_write(table, figures[f].path, first, n, rows->data[f]);
    return status;
}
