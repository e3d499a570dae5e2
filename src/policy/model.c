#include "policy/model.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "exact/diagnostics.h"

/* What one candidate gives; swapped into the model when it is the best so far. */
struct candidate {
    struct solution solution;
    double *prediction, *residual, *complement;
};

static void candidate_init(const struct model *model, const struct policy_config *config, int64_t n_feature,
                           struct candidate *candidate)
{
    int64_t n = model->n_behaviour * model->n_probe;
    solution_init(&candidate->solution, model->n_behaviour, n_feature);
    candidate->prediction = memory_allocate(n, sizeof(double));
    candidate->residual = memory_allocate(n, sizeof(double));
    candidate->complement = config->leverages ? memory_allocate(model->n_probe, sizeof(double)) : NULL;
}

static void candidate_clear(struct candidate *candidate)
{
    solution_clear(&candidate->solution);
    memory_free(candidate->prediction);
    memory_free(candidate->residual);
    memory_free(candidate->complement);
}

static enum status try_candidate(struct fit *fit, const struct behaviour *behaviour, double lambda,
                                 struct candidate *candidate)
{
    enum status status = fit_solve(fit, NO_FOLD, lambda, &candidate->solution);
    if (status != STATUS_OK)
        return status;
    fit_predict(fit, &candidate->solution, NO_FOLD, candidate->prediction);
    for (int64_t i = 0; i < behaviour->n * behaviour->n_probe; i++)
        candidate->residual[i] = behaviour->value[i] - candidate->prediction[i];
    return candidate->complement ? fit_leverages(fit, lambda, candidate->complement) : STATUS_OK;
}

static void take(struct model *model, struct candidate *candidate)
{
    struct candidate old = {model->solution, model->prediction, model->residual, model->complement};
    model->solution = candidate->solution;
    model->prediction = candidate->prediction;
    model->residual = candidate->residual;
    model->complement = candidate->complement;
    *candidate = old;
}

static enum status walk_path(struct fit *fit, const struct behaviour *behaviour, const struct policy_config *config,
                             int64_t n_feature, struct model *model)
{
    struct candidate candidate, first;
    candidate_init(model, config, n_feature, &candidate);
    candidate_init(model, config, n_feature, &first);
    take(model, &first);
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < model->path.n && status == STATUS_OK; i++) {
        status = try_candidate(fit, behaviour, model->path.lambda[i], &candidate);
        if (status != STATUS_OK)
            break;
        path_measure(&model->path, i, behaviour, candidate.residual, candidate.complement, config->choice);
        if (path_is_better(&model->path, i, config->choice)) {
            model->path.chosen = i;
            take(model, &candidate);
        }
    }
    candidate_clear(&candidate);
    return status;
}

static void leave_one_out(struct model *model)
{
    int64_t n = model->n_probe;
    model->leverage = memory_allocate(n, sizeof *model->leverage);
    model->loo_residual = memory_allocate(model->n_behaviour * n, sizeof *model->loo_residual);
    for (int64_t i = 0; i < n; i++)
        model->leverage[i] = 1 - model->complement[i];
    for (int64_t k = 0; k < model->n_behaviour * n; k++) {
        double left = model->complement[k % n];
        model->loo_residual[k] = left >= PATH_LEAST_COMPLEMENT ? model->residual[k] / left : (double)NAN;
    }
}

static enum status cross_validate(struct fit *fit, const struct policy_config *config, struct model *model)
{
    struct solution solution;
    solution_init(&solution, model->n_behaviour, model->solution.n_feature);
    model->fold_prediction = memory_allocate(model->n_behaviour * model->n_probe, sizeof *model->fold_prediction);
    enum status status = STATUS_OK;
    for (int fold = 0; fold < config->folds && status == STATUS_OK; fold++) {
        status = fit_solve(fit, fold, model->solution.lambda, &solution);
        if (status == STATUS_OK)
            fit_predict(fit, &solution, fold, model->fold_prediction);
    }
    solution_clear(&solution);
    return status;
}

/* Judges predictions (n_behaviour × n_probe). */
static void judge(const struct behaviour *behaviour, const struct policy_config *config, const double *prediction,
                  struct judgement *judgement)
{
    int64_t n = behaviour->n_probe;
    judgement->made = true;
    judgement->r2 = memory_allocate(behaviour->n, sizeof *judgement->r2);
    judgement->auc = memory_allocate(behaviour->n, sizeof *judgement->auc);
    judgement->log_loss = memory_allocate(behaviour->n, sizeof *judgement->log_loss);
    for (int64_t b = 0; b < behaviour->n; b++) {
        const double *y = behaviour->value + b * n, *p = prediction + b * n;
        bool whole = config->behaviour_kind == BEHAVIOUR_PROBABILITY;
        for (int64_t i = 0; i < n && whole; i++)
            whole = isfinite(p[i]);
        judgement->r2[b] = diagnose_r2(n, y, p);
        judgement->auc[b] = whole ? diagnose_auc(n, y, p) : (double)NAN;
        judgement->log_loss[b] = whole ? diagnose_log_loss(n, y, p) : (double)NAN;
    }
}

static void judge_all(const struct behaviour *behaviour, const struct policy_config *config, struct model *model)
{
    judge(behaviour, config, model->prediction, &model->judgements[JUDGED_TRAIN]);
    if (model->fold_prediction != NULL)
        judge(behaviour, config, model->fold_prediction, &model->judgements[JUDGED_FOLDS]);
    if (model->loo_residual == NULL)
        return;
    int64_t n = behaviour->n * behaviour->n_probe;
    double *left_out = memory_allocate(n, sizeof *left_out);
    for (int64_t i = 0; i < n; i++)
        left_out[i] = behaviour->value[i] - model->loo_residual[i];
    judge(behaviour, config, left_out, &model->judgements[JUDGED_LOO]);
    memory_free(left_out);
}

enum status model_make(struct fit *fit, const struct behaviour *behaviour, const struct policy_config *config,
                       int64_t n_feature, struct model *model)
{
    *model = (struct model){.n_behaviour = behaviour->n, .n_probe = behaviour->n_probe};
    path_init(&model->path, config);
    enum status status = walk_path(fit, behaviour, config, n_feature, model);
    if (status == STATUS_OK && config->leverages)
        leave_one_out(model);
    if (status == STATUS_OK && config->folds > 0)
        status = cross_validate(fit, config, model);
    if (status == STATUS_OK)
        judge_all(behaviour, config, model);
    else
        model_clear(model);
    return status;
}

void model_clear(struct model *model)
{
    for (int j = 0; j < N_JUDGED; j++) {
        memory_free(model->judgements[j].r2);
        memory_free(model->judgements[j].auc);
        memory_free(model->judgements[j].log_loss);
    }
    memory_free(model->fold_prediction);
    memory_free(model->loo_residual);
    memory_free(model->complement);
    memory_free(model->leverage);
    memory_free(model->residual);
    memory_free(model->prediction);
    solution_clear(&model->solution);
    path_clear(&model->path);
    *model = (struct model){0};
}
