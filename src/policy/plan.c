#include "policy/plan.h"

#include <math.h>

#include "base/memory.h"
#include "base/text.h"
#include "exact/gram.h"
#include "exact/sum.h"
#include "matrix/grid.h"
#include "matrix/system.h"
#include "policy/policy_config.h"

enum {
    SYSTEM_BLOCK = 64,
    WIDEST_PANEL = 512, /* wider ones repay no more */
    USUAL_PANEL = 128,  /* narrower ones only where memory is short */
    NARROWEST_PANEL = 8,
    DENSE_READ = 8,   /* bytes of an entry as read */
    SPARSE_READ = 12, /* with its column */
    DENSE_KEPT = 4,   /* of an entry as an integer */
    SPARSE_KEPT = 8,
    PANEL_ENTRY = 16, /* two words */
    SOLVE_ROWS = 64   /* of leverages at a time */
};

/* Sizes are counted in doubles, which do not overflow, and end here. */
static int64_t whole(double bytes)
{
    const double most = 4e18;
    return bytes < most ? (int64_t)bytes : (int64_t)most;
}

bool policy_is_primal(const struct policy_shape *shape)
{
    if (shape->form != FORM_AUTO)
        return shape->form == FORM_PRIMAL;
    return shape->n_probe > shape->n_feature + 1;
}

static void plan_rows(const struct policy_shape *shape, struct policy_plan *plan)
{
    double entries = shape->row_entries, n = (double)shape->n_probe;
    double read = shape->sparse ? SPARSE_READ : DENSE_READ, kept = shape->sparse ? SPARSE_KEPT : DENSE_KEPT;
    plan->n_block = (shape->n_probe + shape->block_rows - 1) / shape->block_rows;
    int64_t blocks = (plan->n_block + shape->n_rank - 1) / shape->n_rank;
    plan->part_rows = blocks * shape->block_rows < shape->n_probe ? blocks * shape->block_rows : shape->n_probe;
    plan->row_bytes = whole((double)plan->part_rows * (entries + 1) * kept);
    plan->read_bytes = whole((double)plan->part_rows * entries * read + (double)shape->read_bytes);
    plan->all_bytes = plan->gathers ? whole(n * entries * read) : 0;
    plan->input_entries = n * entries;
}

/* Matrices that every rank holds whole: of the leverages, and what pairs are measured from. */
static void plan_small(const struct policy_shape *shape, struct policy_plan *plan)
{
    double side = (double)plan->n_unknown, square = 8 * side * side, bytes = 0;
    if (shape->leverages)
        bytes += 2 * square + 8 * side * SOLVE_ROWS;
    else if (!plan->primal)
        bytes += square;
    if (plan->primal && shape->pairs)
        bytes += square + (shape->sparse ? 0 : 8 * side * (double)shape->n_probe);
    plan->small_bytes = whole(bytes);
}

static void plan_vectors(const struct policy_shape *shape, struct policy_plan *plan)
{
    double n = (double)shape->n_probe, m = (double)shape->n_feature, b = (double)shape->n_behaviour;
    double sums = plan->primal ? (double)plan->n_unknown * (double)sizeof(struct sum) : 0;
    plan->vector_bytes = whole(8 * b * (8 * n + 6 * m) + 8 * (8 * n + 8 * m) + sums);
    plan->output_bytes = 8 * b * (4 * n + m) + 64 * (n + m);
}

static int64_t fit_bytes(const struct policy_plan *plan)
{
    return whole((double)plan->row_bytes + (double)plan->all_bytes + (double)plan->small_bytes +
                 (double)plan->system_bytes + (double)plan->panel_bytes);
}

/* The most that any phase takes: reading, fitting, measuring pairs. */
static int64_t peak_bytes(const struct policy_shape *shape, const struct policy_plan *plan)
{
    double always = (double)plan->vector_bytes + (double)shape->encoder_bytes;
    double side = (double)plan->n_unknown;
    double reading = (double)plan->read_bytes + (double)plan->row_bytes + (double)plan->all_bytes;
    double pairs = shape->pairs ? (double)plan->all_bytes + 8 * side * side + (double)shape->pair_bytes : 0;
    return whole(always + fmax(fmax(reading, (double)fit_bytes(plan)), pairs));
}

static bool try_fit(const struct policy_shape *shape, int64_t n_loaded, int64_t width, struct policy_plan *plan)
{
    double side = (double)plan->n_unknown;
    plan->n_loaded = n_loaded;
    plan->panel_width = width < plan->n_unknown ? width : plan->n_unknown;
    /* What a system of one unknown takes is work that all of them share. */
    double one = (double)system_bytes(plan->grid_rows, plan->grid_columns, plan->n_unknown, plan->system_block);
    double work = (double)system_bytes(plan->grid_rows, plan->grid_columns, 1, plan->system_block);
    plan->system_bytes = whole(work + (double)n_loaded * (one - work));
    /* Panels of all probes, of a fold, and of those folds whose systems are held; and their exchange. */
    double n_panel = shape->n_fold > 0 ? 2 + (double)(n_loaded < shape->n_fold ? n_loaded : shape->n_fold) : 1;
    double exchange = 2;
    plan->panel_bytes = 0;
    if (plan->primal)
        plan->panel_bytes =
            whole((n_panel + exchange) * PANEL_ENTRY * side * (double)plan->panel_width +
                  (double)gram_workspace_bytes(to_int(shape->n_digit), plan->n_unknown, plan->panel_width));
    plan->peak_bytes = peak_bytes(shape, plan);
    return plan->peak_bytes <= shape->memory;
}

/* As many systems at a time as there is room for, since each further pass makes all panels again; then wide panels. */
static bool fit(const struct policy_shape *shape, struct policy_plan *plan)
{
    int64_t n_system = plan->primal ? 1 + shape->n_fold : 1;
    for (int64_t n_loaded = n_system; n_loaded >= 1; n_loaded--)
        for (int64_t width = WIDEST_PANEL; width >= (n_loaded > 1 ? USUAL_PANEL : NARROWEST_PANEL); width /= 2)
            if (try_fit(shape, n_loaded, width, plan))
                return true;
    return false;
}

static void plan_work(const struct policy_shape *shape, struct policy_plan *plan)
{
    double n = (double)shape->n_probe, side = (double)plan->n_unknown, entries = shape->row_entries;
    double n_lambda = (double)shape->n_lambda, n_fit = n_lambda + (double)shape->n_fold;
    int64_t n_pass = plan->primal ? (shape->n_fold + plan->n_loaded) / plan->n_loaded : 1;
    plan->gram_operations = plan->primal ? (double)n_pass * n * (entries + 1) * (entries + 1) / 2 : n * n * entries / 2;
    plan->factor_operations = n_fit * side * side * side / 3;
    if (shape->leverages) {
        plan->leverage_operations = n_lambda * n * side * side / 2;
        plan->repeated_operations = n_lambda * side * side * side / 3;
    }
    if (shape->pairs) {
        plan->pair_operations = shape->pair_operations;
        plan->gram_operations += plan->primal ? n * (entries + 1) * (entries + 1) / 2 : 0;
    }
    plan->message_bytes = (plan->primal ? (double)n_pass * PANEL_ENTRY / 2 * side * side : 8 * side * side) +
                          (double)plan->all_bytes + n_fit * 8 * side * side / sqrt((double)shape->n_rank);
}

static enum status refuse(const struct policy_shape *shape, const struct policy_plan *plan)
{
    char need[32], have[32], rows[32], all[32], small[32], system[32], pairs[32];
    return fail(CANNOT_FIT,
                "policy.memory: a rank needs %s%s (its rows %s, all rows %s, matrices of side %lld %s, its part of "
                "the system %s, pairs %s), and may use %s: raise policy.memory, take more ranks, %sor lower "
                "policy.ridge.folds",
                shape->entries_estimated ? "about " : "", figure_bytes((double)plan->peak_bytes, need),
                figure_bytes((double)plan->row_bytes + (double)plan->read_bytes, rows),
                figure_bytes((double)plan->all_bytes, all), (long long)plan->n_unknown,
                figure_bytes((double)plan->small_bytes, small), figure_bytes((double)plan->system_bytes, system),
                figure_bytes((double)shape->pair_bytes, pairs), figure_bytes((double)shape->memory, have),
                shape->leverages ? "set policy.ridge.leverages to false, " : "");
}

enum status policy_plan_make(const struct policy_shape *shape, struct policy_plan *plan)
{
    /* Sums of squares are kept in two words of 27 and 63 bits, and columns of the system are counted by int. */
    const int64_t most_probes = INT64_C(1) << 31, most_unknowns = INT64_C(1) << 30;
    *plan = (struct policy_plan){.primal = policy_is_primal(shape), .system_block = SYSTEM_BLOCK};
    plan->n_unknown = plan->primal ? shape->n_feature + 1 : shape->n_probe;
    plan->gathers = !plan->primal || shape->pairs;
    if (shape->n_probe >= most_probes || plan->n_unknown >= most_unknowns)
        return fail(CANNOT_FIT,
                    "policy: %lld probes and a system of side %lld are beyond what can be counted exactly "
                    "(2^31 and 2^30)",
                    (long long)shape->n_probe, (long long)plan->n_unknown);
    grid_shape(to_int(shape->n_rank), plan->n_unknown, plan->system_block, &plan->grid_rows, &plan->grid_columns);
    plan_rows(shape, plan);
    plan_small(shape, plan);
    plan_vectors(shape, plan);
    bool fits = fit(shape, plan);
    plan_work(shape, plan);
    return fits ? STATUS_OK : refuse(shape, plan);
}
