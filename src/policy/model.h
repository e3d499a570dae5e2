/* The fitted policy: coefficients of the chosen λ, and all that tells how far they can be trusted. */
#ifndef ASSAY_POLICY_MODEL_H
#define ASSAY_POLICY_MODEL_H

#include "policy/fit.h"
#include "policy/path.h"

/* What predictions are judged on. */
enum judged { JUDGED_TRAIN, JUDGED_LOO, JUDGED_FOLDS, N_JUDGED };

struct judgement {
    bool made;
    double *r2, *auc, *log_loss; /* owned; n_behaviour each; the last two are NaN unless behaviours are probabilities */
};

/* The same on every rank; all owned. */
struct model {
    int64_t n_behaviour, n_probe;
    struct path path;
    struct solution solution;      /* of the chosen λ, all probes */
    double *prediction, *residual; /* n_behaviour × n_probe; residual = y − prediction */
    double *leverage, *complement; /* n_probe: h and 1 − h; NULL without leverages */
    double *loo_residual;          /* n_behaviour × n_probe: e / (1 − h); NULL without leverages */
    double *fold_prediction;       /* n_behaviour × n_probe, each by the fit without its fold; NULL: no folds */
    struct judgement judgements[N_JUDGED];
};

/* Fits every candidate, chooses, and fits the chosen one without each fold.
 * @collective   @fails NOT_CONVERGED, STOPPED */
enum status model_make(struct fit *fit, const struct behaviour *behaviour, const struct policy_config *config,
                       int64_t n_feature, struct model *model);
void model_clear(struct model *model);

#endif
