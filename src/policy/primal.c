#include "policy/primal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "exact/dense.h"
#include "policy/normal.h"
#include "policy/right_side.h"

enum { ROWS_AT_A_TIME = 64, NO_SIDE = -2 };

struct primal {
    MPI_Comm comm;
    const struct features *features;
    const struct behaviour *behaviour;
    int64_t n;  /* unknowns */
    int *shift; /* owned; n: unknown j is w_j · 2^(shift[j] + features_scale(j)), chosen so that the diagonal is near 1
                 */
    double *unit; /* owned; n: 2^−(that exponent) */
    struct normal *normal;
    int side_fold;           /* whose right-hand sides these are, or NO_SIDE */
    double *side, *side_low; /* owned; n_behaviour × n */
    double *diagonal;        /* owned; n: what λ adds */
    double *gathered;        /* owned; n × n: the system of all probes, once leverages were asked for */
};

static int clamp_shift(int shift)
{
    return shift > SYSTEM_MAX_SHIFT ? SYSTEM_MAX_SHIFT : shift < -SYSTEM_MAX_SHIFT ? -SYSTEM_MAX_SHIFT : shift;
}

/* shift[j] ≈ log2 √(Σ q² + λ / unit²): scaled so, the least λ's system has a diagonal between 1/4 and 1. */
static void choose_shifts(struct primal *primal, const struct numbers *lambda)
{
    const struct features *features = primal->features;
    double least = lambda->items[0];
    for (int64_t i = 1; i < lambda->n; i++)
        least = fmin(least, lambda->items[i]);
    for (int64_t j = 0; j < primal->n; j++) {
        int scale = features_scale(features, j), exponent;
        double square =
            j > 0 ? features->square[j - 1] + ldexp(least, -2 * scale) : ldexp((double)features->n_probe, -2 * scale);
        frexp(sqrt(square), &exponent);
        primal->shift[j] = clamp_shift(exponent);
        primal->unit[j] = ldexp(1, -(primal->shift[j] + scale));
    }
}

struct primal *primal_create(const struct fit_request *request)
{
    const struct behaviour *behaviour = request->behaviour;
    struct primal *primal = memory_allocate(1, sizeof *primal);
    *primal = (struct primal){.comm = request->comm,
                              .features = request->features,
                              .behaviour = behaviour,
                              .n = request->plan->n_unknown,
                              .side_fold = NO_SIDE};
    primal->shift = memory_allocate(primal->n, sizeof *primal->shift);
    primal->unit = memory_allocate(primal->n, sizeof *primal->unit);
    primal->side = memory_allocate(behaviour->n * primal->n, sizeof *primal->side);
    primal->side_low = memory_allocate(behaviour->n * primal->n, sizeof *primal->side_low);
    primal->diagonal = memory_allocate(primal->n, sizeof *primal->diagonal);
    choose_shifts(primal, &request->config->lambda);
    primal->normal = normal_create(request, primal->shift);
    return primal;
}

void primal_destroy(struct primal *primal)
{
    if (primal == NULL)
        return;
    normal_destroy(primal->normal);
    memory_free(primal->gathered);
    memory_free(primal->diagonal);
    memory_free(primal->side_low);
    memory_free(primal->side);
    memory_free(primal->unit);
    memory_free(primal->shift);
    memory_free(primal);
}

static void set_diagonal(struct primal *primal, double lambda)
{
    primal->diagonal[0] = 0; /* the intercept is free */
    for (int64_t j = 1; j < primal->n; j++)
        primal->diagonal[j] = lambda * primal->unit[j] * primal->unit[j];
}

enum status primal_solve(struct primal *primal, int fold, double lambda, struct solution *solution)
{
    const struct behaviour *behaviour = primal->behaviour;
    int64_t n = primal->n;
    struct system *system;
    enum status status = normal_get(primal->normal, fold, &system);
    if (status != STATUS_OK)
        return status;
    if (primal->side_fold != fold)
        right_side_make(primal->comm, primal->features, behaviour, fold, primal->shift, primal->side, primal->side_low);
    primal->side_fold = fold;
    set_diagonal(primal, lambda);
    double *x = memory_allocate(behaviour->n * n, sizeof *x);
    status = system_factor(system, primal->diagonal, NULL);
    if (status == STATUS_OK) {
        solution->condition = system_condition(system);
        status = system_solve(system, behaviour->n, primal->side, primal->side_low, x);
    }
    for (int64_t b = 0; b < behaviour->n && status == STATUS_OK; b++) {
        solution->intercept[b] = behaviour->centre[b] + x[b * n] * primal->unit[0];
        for (int64_t j = 1; j < n; j++)
            solution->coefficient[b * (n - 1) + j - 1] = x[b * n + j] * primal->unit[j];
    }
    memory_free(x);
    return status;
}

/* ---- leverages -------------------------------------------------------------------------------------------------- */

/* L⁻¹ z of n_row rows of a part from `first` on, z in the units of the unknowns; then 1 − |L⁻¹ z|². */
static void measure_rows(const struct primal *primal, const double *factor, int p, int64_t first, int64_t n_row,
                         double *x, double *complement)
{
    const struct quantised *part = &primal->features->part[p];
    int64_t n = primal->n;
    for (int64_t i = 0; i < n_row; i++) {
        double *row = x + i * n;
        quantised_row(part, first + i, row);
        for (int64_t j = 0; j < n; j++)
            row[j] *= primal->unit[j];
    }
    dense_solve_lower(n, factor, n_row, x);
    for (int64_t i = 0; i < n_row; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++)
            sum += x[i * n + j] * x[i * n + j];
        complement[primal->features->probe[p][first + i]] = 1 - sum;
    }
}

/* This rank's probes.  @local */
static enum status measure_own(const struct primal *primal, const double *factor, double *complement)
{
    double *x = memory_allocate_raw(ROWS_AT_A_TIME * primal->n, sizeof *x);
    enum status status = STATUS_OK;
    for (int p = 0; p < primal->features->n_part && status == STATUS_OK; p++) {
        int64_t n_row = primal->features->part[p].n_row;
        for (int64_t first = 0; first < n_row && status == STATUS_OK; first += ROWS_AT_A_TIME) {
            int64_t count = n_row - first < ROWS_AT_A_TIME ? n_row - first : ROWS_AT_A_TIME;
            measure_rows(primal, factor, p, first, count, x, complement);
            if (stop_requested())
                status = fail(STOPPED, "policy: stopped on request among leverages; run the same command again");
        }
    }
    memory_free(x);
    return status;
}

enum status primal_leverages(struct primal *primal, double lambda, double *complement)
{
    int64_t n = primal->n;
    if (primal->gathered == NULL) {
        struct system *system;
        enum status status = normal_get(primal->normal, NO_FOLD, &system);
        if (status != STATUS_OK)
            return status;
        primal->gathered = memory_allocate_raw(n * n, sizeof *primal->gathered);
        system_gather(system, primal->gathered);
    }
    double *factor = memory_allocate_raw(n * n, sizeof *factor);
    memcpy(factor, primal->gathered, (size_t)(n * n) * sizeof *factor);
    set_diagonal(primal, lambda);
    for (int64_t j = 0; j < n; j++)
        factor[j * n + j] += primal->diagonal[j];
    memset(complement, 0, (size_t)primal->features->n_probe * sizeof *complement);
    enum status status = dense_cholesky(n, factor);
    if (status == STATUS_OK)
        status = measure_own(primal, factor, complement);
    status = agree(primal->comm, status);
    memory_free(factor);
    share_doubles(primal->comm, complement, primal->features->n_probe);
    return status;
}
