#include "mechanism/baselines.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "exact/diagnostics.h"

const char *const baseline_names[N_BASELINE_KIND] = {"symbolic policy", "ridge on activations", "neighbours on inputs"};

/* The policy's own predictions without folds, where its probes are these and it models all behaviours. */
static bool policy_fits(const struct scene *scene)
{
    const struct policy_facts *policy = &scene->policy;
    bool fits = policy->there && policy->fold_prediction != NULL && policy->n_probe == scene->n_probe &&
                policy->id_bytes == scene->id_bytes &&
                memcmp(policy->probe_ids, scene->probe_ids, (size_t)(scene->n_probe * scene->id_bytes)) == 0;
    for (int64_t b = 0; b < scene->n_behaviour && fits; b++)
        fits = policy_facts_behaviour(policy, scene->behaviours[b]) >= 0;
    return fits;
}

static void take_policy(const struct scene *scene, double *prediction)
{
    int64_t n = scene->n_probe;
    for (int64_t b = 0; b < scene->n_behaviour; b++) {
        int64_t of = policy_facts_behaviour(&scene->policy, scene->behaviours[b]);
        memcpy(prediction + b * n, scene->policy.fold_prediction + of * n, (size_t)n * sizeof *prediction);
    }
}

/* All ranks read the rows; it is listed once when segments are shared. */
static enum status predict(MPI_Comm comm, struct scene *scene, int kind, double *prediction)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    double *x = NULL;
    enum scene_tensor which = kind == BASELINE_RIDGE ? SCENE_ACTIVATIONS : SCENE_INPUTS;
    enum status status = agree(comm, scene_read(scene, which, 0, scene->n_probe, &x));
    if (status != STATUS_OK)
        return status;
    const struct mechanism_config *config = scene->config;
    const struct table_of_rows rows = {
        scene->n_probe, tensor_columns(scene->tensors[which]), scene->n_behaviour, config->folds, x, scene->target};
    for (int64_t fold = rank; fold < config->folds && status == STATUS_OK; fold += size)
        if (kind == BASELINE_RIDGE)
            status = ridge_predict(&rows, &config->baselines.lambda, fold, prediction);
        else
            neighbours_predict(&rows, config->baselines.neighbours, fold, prediction);
    status = agree(comm, status);
    if (status == STATUS_OK)
        share_doubles(comm, prediction, scene->n_behaviour * scene->n_probe);
    memory_free(x);
    return status;
}

enum status baselines_make(MPI_Comm comm, struct scene *scene, struct baselines *made)
{
    int64_t n = scene->n_probe, m = scene->n_behaviour, cells = n * m;
    const bool there[N_BASELINE_KIND] = {policy_fits(scene), scene->tensors[SCENE_ACTIVATIONS] != NULL,
                                         scene->tensors[SCENE_INPUTS] != NULL};
    *made = (struct baselines){.n_behaviour = m, .n_probe = n};
    made->prediction = memory_allocate(N_BASELINE_KIND * cells, sizeof *made->prediction);
    made->r2 = memory_allocate(N_BASELINE_KIND * m, sizeof *made->r2);
    made->auc = memory_allocate(N_BASELINE_KIND * m, sizeof *made->auc);
    enum status status = STATUS_OK;
    for (int kind = 0; kind < N_BASELINE_KIND && status == STATUS_OK; kind++) {
        if (!there[kind])
            continue;
        double *prediction = made->prediction + made->n * cells;
        if (kind == BASELINE_POLICY)
            take_policy(scene, prediction);
        else
            status = predict(comm, scene, kind, prediction);
        for (int64_t b = 0; b < m && status == STATUS_OK; b++) {
            const double *target = scene->target + b * n, *guess = prediction + b * n;
            made->r2[made->n * m + b] = diagnose_r2(n, target, guess);
            made->auc[made->n * m + b] = scene->probability ? diagnose_auc(n, target, guess) : (double)NAN;
        }
        made->kind[made->n++] = kind;
    }
    if (status != STATUS_OK)
        baselines_clear(made);
    return status;
}

void baselines_clear(struct baselines *made)
{
    memory_free(made->prediction);
    memory_free(made->r2);
    memory_free(made->auc);
    *made = (struct baselines){0};
}

int baselines_find(const struct baselines *made, int kind)
{
    for (int i = 0; i < made->n; i++)
        if (made->kind[i] == kind)
            return i;
    return -1;
}
