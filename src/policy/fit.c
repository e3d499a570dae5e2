#include "policy/fit.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/share.h"
#include "config/json.h"
#include "policy/dual.h"
#include "policy/primal.h"

struct fit {
    MPI_Comm comm;
    const struct features *features;
    struct primal *primal; /* owned; one of the two is NULL */
    struct dual *dual;
};

struct fit *fit_create(const struct fit_request *request)
{
    struct fit *fit = memory_allocate(1, sizeof *fit);
    *fit = (struct fit){.comm = request->comm, .features = request->features};
    if (request->plan->primal)
        fit->primal = primal_create(request);
    else
        fit->dual = dual_create(request);
    return fit;
}

void fit_destroy(struct fit *fit)
{
    if (fit == NULL)
        return;
    primal_destroy(fit->primal);
    dual_destroy(fit->dual);
    memory_free(fit);
}

/* Says of which system a failure speaks. */
static enum status explain(const struct fit *fit, enum status status, int fold, double lambda)
{
    if (status != NOT_CONVERGED)
        return status;
    char *sentence = memory_copy_text(failure_sentence());
    struct text system;
    text_init(&system);
    text_add(&system, "policy.ridge.lambda ");
    json_add_number(&system, lambda);
    text_add(&system, ", %s form", fit->primal ? "primal" : "dual");
    if (fold != NO_FOLD)
        text_add(&system, ", without fold %d", fold);
    fail(status, "%s: %s", system.bytes, sentence);
    text_clear(&system);
    memory_free(sentence);
    return status;
}

enum status fit_solve(struct fit *fit, int fold, double lambda, struct solution *solution)
{
    solution->lambda = lambda;
    enum status status =
        fit->primal ? primal_solve(fit->primal, fold, lambda, solution) : dual_solve(fit->dual, fold, lambda, solution);
    return explain(fit, status, fold, lambda);
}

enum status fit_leverages(struct fit *fit, double lambda, double *complement)
{
    enum status status =
        fit->primal ? primal_leverages(fit->primal, lambda, complement) : dual_leverages(fit->dual, lambda, complement);
    return explain(fit, status, NO_FOLD, lambda);
}

/* ---- predictions ------------------------------------------------------------------------------------------------ */

/* z_i · v for the rows [first, first + n) of integers, n ≤ 8: their sums run beside each other, each in its order. */
static void dot_rows(const struct quantised *part, int64_t first, int n, const double *v, double *out)
{
    enum { MOST = 8 };
    double sum[MOST] = {0};
    int64_t n_column = part->n_column;
    const int32_t *q[MOST];
    for (int r = 0; r < MOST; r++)
        q[r] = part->dense + (first + (r < n ? r : 0)) * n_column;
    for (int64_t j = 0; j < n_column; j++)
        for (int r = 0; r < MOST; r++)
            sum[r] += (double)q[r][j] * v[j];
    memcpy(out, sum, (size_t)n * sizeof *out);
}

static double dot_sparse(const struct quantised *part, int64_t i, const double *v)
{
    double sum = 0;
    for (int64_t k = part->start[i]; k < part->start[i + 1]; k++)
        sum += (double)part->q[k] * v[part->column[k]];
    return sum;
}

/* Predictions of the rows of one part; v in units of the integers, the intercept first. */
static void predict_part(const struct features *features, int p, const double *v, double *prediction)
{
    enum { MOST = 8 };
    const struct quantised *part = &features->part[p];
    const int64_t *probe = features->probe[p];
    for (int64_t i = 0; i < part->n_row; i += MOST) {
        int n = part->n_row - i < MOST ? (int)(part->n_row - i) : MOST;
        double out[MOST];
        if (quantised_is_dense(part))
            dot_rows(part, i, n, v, out);
        for (int r = 0; r < n; r++)
            prediction[probe[i + r]] = quantised_is_dense(part) ? out[r] : dot_sparse(part, i + r, v);
    }
}

/* The same from the rows as they were read, for this rank's probes. */
static void predict_read(const struct features *features, int p, const double *w, double intercept, double *prediction)
{
    for (int64_t i = 0; i < features->part[p].n_row; i++) {
        int64_t probe = features->probe[p][i];
        prediction[probe] = intercept + rows_dot(&features->all, probe, w);
    }
}

void fit_predict(const struct fit *fit, const struct solution *solution, int fold, double *prediction)
{
    const struct features *features = fit->features;
    int64_t n = features->n_probe, m = features->n_feature;
    double *v = memory_allocate(1 + m, sizeof *v), *own = memory_allocate(n, sizeof *own);
    for (int64_t b = 0; b < solution->n_behaviour; b++) {
        const double *w = solution->coefficient + b * m;
        memset(own, 0, (size_t)n * sizeof *own);
        v[0] = ldexp(solution->intercept[b], features_scale(features, 0));
        for (int64_t j = 0; j < m && fit->primal; j++)
            v[1 + j] = ldexp(w[j], features_scale(features, 1 + j));
        for (int p = 0; p < features->n_part; p++) {
            if (fold != NO_FOLD && p != fold)
                continue;
            if (fit->primal)
                predict_part(features, p, v, own);
            else
                predict_read(features, p, w, solution->intercept[b], own);
        }
        share_doubles(fit->comm, own, n);
        for (int64_t i = 0; i < n; i++)
            if (fold == NO_FOLD || i % features->n_part == fold)
                prediction[b * n + i] = own[i];
    }
    memory_free(own);
    memory_free(v);
}
