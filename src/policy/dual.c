#include "policy/dual.h"

#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "exact/dense.h"
#include "matrix/system.h"

enum { ROWS_AT_A_TIME = 64 };

struct dual {
    MPI_Comm comm;
    const struct features *features;
    const struct behaviour *behaviour;
    int64_t n; /* probes */
    const double *small;
    struct grid grid;
    struct system *system;
};

struct dual *dual_create(const struct fit_request *request)
{
    const struct policy_plan *plan = request->plan;
    struct dual *dual = memory_allocate(1, sizeof *dual);
    *dual = (struct dual){.comm = request->comm,
                          .features = request->features,
                          .behaviour = request->behaviour,
                          .n = request->features->n_probe,
                          .small = request->small};
    grid_open(request->comm, plan->grid_rows, plan->grid_columns, &dual->grid);
    dual->system = system_create(&dual->grid, dual->n, plan->system_block);
    system_set(dual->system, request->small);
    return dual;
}

void dual_destroy(struct dual *dual)
{
    if (dual == NULL)
        return;
    system_destroy(dual->system);
    grid_close(&dual->grid);
    memory_free(dual);
}

/* Right-hand sides: the ones, then y − centre of every behaviour; probes that are left out have zeros. */
static double *make_sides(const struct dual *dual, const uint8_t *kept)
{
    const struct behaviour *behaviour = dual->behaviour;
    int64_t n = dual->n;
    double *sides = memory_allocate((1 + behaviour->n) * n, sizeof *sides);
    for (int64_t i = 0; i < n; i++) {
        if (!kept[i])
            continue;
        sides[i] = 1;
        for (int64_t b = 0; b < behaviour->n; b++)
            sides[(1 + b) * n + i] = behaviour->value[b * n + i] - behaviour->centre[b];
    }
    return sides;
}

static double sum_of(const double *values, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

/* w += α_i x_i for every probe in order. */
static void add_rows(const struct rows *rows, const double *alpha, double *w)
{
    for (int64_t i = 0; i < rows->n_row; i++) {
        if (rows_are_dense(rows)) {
            const double *row = rows->dense + i * rows->n_column;
            for (int64_t j = 0; j < rows->n_column; j++)
                w[j] += alpha[i] * row[j];
        } else {
            for (int64_t k = rows->start[i]; k < rows->start[i + 1]; k++)
                w[rows->column[k]] += alpha[i] * rows->value[k];
        }
    }
}

/* From K⁻¹1 and K⁻¹y of every behaviour: b = 1ᵀK⁻¹y / 1ᵀK⁻¹1, α = K⁻¹y − b K⁻¹1, w = Xᵀα. */
static void finish(const struct dual *dual, double *solved, struct solution *solution)
{
    int64_t n = dual->n, m = dual->features->n_feature;
    const double *ones = solved;
    double total = sum_of(ones, n);
    for (int64_t b = 0; b < dual->behaviour->n; b++) {
        double *alpha = solved + (1 + b) * n, intercept = sum_of(alpha, n) / total;
        for (int64_t i = 0; i < n; i++)
            alpha[i] -= intercept * ones[i];
        solution->intercept[b] = dual->behaviour->centre[b] + intercept;
        memset(solution->coefficient + b * m, 0, (size_t)m * sizeof *solution->coefficient);
        add_rows(&dual->features->all, alpha, solution->coefficient + b * m);
    }
}

enum status dual_solve(struct dual *dual, int fold, double lambda, struct solution *solution)
{
    int64_t n = dual->n, n_side = 1 + dual->behaviour->n;
    enum status status = agree(dual->comm, stop_requested() ? fail(STOPPED, "policy: stopped on request before it was "
                                                                            "fitted; run the same command again")
                                                            : STATUS_OK);
    if (status != STATUS_OK)
        return status;
    uint8_t *kept = memory_allocate(n, sizeof *kept);
    double *diagonal = memory_allocate(n, sizeof *diagonal);
    for (int64_t i = 0; i < n; i++) {
        kept[i] = fold == NO_FOLD || i % dual->features->n_part != fold;
        diagonal[i] = lambda;
    }
    double *sides = make_sides(dual, kept), *solved = memory_allocate(n_side * n, sizeof *solved);
    status = system_factor(dual->system, diagonal, fold == NO_FOLD ? NULL : kept);
    if (status == STATUS_OK) {
        solution->condition = system_condition(dual->system);
        status = system_solve(dual->system, n_side, sides, NULL, solved);
    }
    if (status == STATUS_OK)
        finish(dual, solved, solution);
    memory_free(solved);
    memory_free(sides);
    memory_free(diagonal);
    memory_free(kept);
    return status;
}

/* ---- leverages -------------------------------------------------------------------------------------------------- */

/* Squares of L⁻¹ e_i: the diagonal of K⁻¹, for this rank's probes.  @local */
static enum status measure_own(const struct dual *dual, const double *factor, double *diagonal)
{
    int64_t n = dual->n;
    double *x = memory_allocate_raw(ROWS_AT_A_TIME * n, sizeof *x);
    enum status status = STATUS_OK;
    for (int p = 0; p < dual->features->n_part && status == STATUS_OK; p++) {
        const int64_t *probe = dual->features->probe[p];
        int64_t n_row = dual->features->part[p].n_row;
        for (int64_t first = 0; first < n_row && status == STATUS_OK; first += ROWS_AT_A_TIME) {
            int64_t count = n_row - first < ROWS_AT_A_TIME ? n_row - first : ROWS_AT_A_TIME;
            memset(x, 0, (size_t)(count * n) * sizeof *x);
            for (int64_t i = 0; i < count; i++)
                x[i * n + probe[first + i]] = 1;
            dense_solve_lower(n, factor, count, x);
            for (int64_t i = 0; i < count; i++)
                for (int64_t k = 0; k < n; k++)
                    diagonal[probe[first + i]] += x[i * n + k] * x[i * n + k];
            if (stop_requested())
                status = fail(STOPPED, "policy: stopped on request among leverages; run the same command again");
        }
    }
    memory_free(x);
    return status;
}

/* 1 − h_i = λ M_ii, M = K⁻¹ − K⁻¹11ᵀK⁻¹ / 1ᵀK⁻¹1, K with λ on its diagonal. */
enum status dual_leverages(struct dual *dual, double lambda, double *complement)
{
    int64_t n = dual->n;
    double *factor = memory_allocate_raw(n * n, sizeof *factor), *ones = memory_allocate(n, sizeof *ones);
    memcpy(factor, dual->small, (size_t)(n * n) * sizeof *factor);
    for (int64_t i = 0; i < n; i++) {
        factor[i * n + i] += lambda;
        ones[i] = 1;
        complement[i] = 0;
    }
    enum status status = dense_cholesky(n, factor);
    if (status == STATUS_OK) {
        dense_solve_lower(n, factor, 1, ones);
        dense_solve_upper(n, factor, 1, ones);
        status = measure_own(dual, factor, complement);
    }
    status = agree(dual->comm, status);
    share_doubles(dual->comm, complement, n);
    double total = sum_of(ones, n);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        complement[i] = lambda * (complement[i] - ones[i] * ones[i] / total);
    memory_free(ones);
    memory_free(factor);
    return status;
}
