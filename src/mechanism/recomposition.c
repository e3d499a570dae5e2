#include "mechanism/recomposition.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "exact/diagnostics.h"
#include "exact/rng.h"
#include "mechanism/policy_model.h"
#include "mechanism/resample.h"

double deviation_of(const double *values, int64_t n)
{
    return sqrt(diagnose_total(n, values) / (double)n);
}

static void recomposition_init(const struct scene *scene, int64_t n_k, struct recomposition *made)
{
    int64_t m = scene->n_behaviour, n = scene->n_probe;
    *made = (struct recomposition){.n_behaviour = m, .n_k = n_k, .n_probe = n};
    double **fields[] = {&made->r2,         &made->auc,         &made->random_r2,
                         &made->random_low, &made->random_high, &made->random_auc};
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        *fields[f] = memory_allocate(m * n_k, sizeof(double));
        for (int64_t i = 0; i < m * n_k; i++)
            (*fields[f])[i] = (double)NAN;
    }
    made->k = memory_allocate(n_k, sizeof *made->k);
    made->enough = memory_allocate(m, sizeof *made->enough);
    made->residual = memory_allocate(m * n, sizeof *made->residual);
    made->unexplained = memory_allocate(m * n, sizeof *made->unexplained);
}

void recomposition_clear(struct recomposition *made)
{
    void *const arrays[] = {made->k,           made->r2,         made->auc,    made->random_r2, made->random_low,
                            made->random_high, made->random_auc, made->enough, made->residual,  made->unexplained};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memory_free(arrays[i]);
    *made = (struct recomposition){0};
}

/* ---- one behaviour ------------------------------------------------------------------------------------------------
 */

static void judge(const struct scene *scene, int64_t b, const double *rebuilt, double *r2, double *auc)
{
    const double *target = scene->target + b * scene->n_probe;
    *r2 = diagnose_r2(scene->n_probe, target, rebuilt);
    *auc = scene->probability ? diagnose_auc(scene->n_probe, target, rebuilt) : (double)NAN;
}

/* rebuilt[n_k × n_probe] from the strongest parts. */
static void take_top(const struct scene *scene, int64_t b, const double *rebuilt, struct recomposition *made)
{
    int64_t n = scene->n_probe, n_k = made->n_k, enough = -1;
    const double *target = scene->target + b * n;
    for (int64_t s = 0; s < n_k; s++)
        judge(scene, b, rebuilt + s * n, &made->r2[b * n_k + s], &made->auc[b * n_k + s]);
    for (int64_t s = n_k - 1; s >= 0 && made->r2[b * n_k + s] >= scene->config->recomposition.enough; s--)
        enough = s;
    made->enough[b] = enough;
    const double *used = rebuilt + (enough >= 0 ? enough : n_k - 1) * n;
    double limit = scene->config->recomposition.unexplained * deviation_of(target, n);
    for (int64_t i = 0; i < n; i++) {
        made->residual[b * n + i] = target[i] - used[i];
        made->unexplained[b * n + i] = fabs(target[i] - used[i]) > limit;
    }
}

/* The s-th size of draw after draw: rebuilt[n_draw × n_probe]. */
static void take_random(const struct scene *scene, int64_t b, int64_t s, const double *rebuilt, int64_t n_draw,
                        struct recomposition *made)
{
    int64_t at = b * made->n_k + s;
    double sum = 0, sum_auc = 0;
    for (int64_t d = 0; d < n_draw; d++) {
        double r2, auc;
        judge(scene, b, rebuilt + d * scene->n_probe, &r2, &auc);
        sum += r2;
        sum_auc += auc;
        if (d == 0 || r2 < made->random_low[at])
            made->random_low[at] = r2;
        if (d == 0 || r2 > made->random_high[at])
            made->random_high[at] = r2;
    }
    made->random_r2[at] = sum / (double)n_draw;
    made->random_auc[at] = sum_auc / (double)n_draw;
}

/* ---- as measured on the network -----------------------------------------------------------------------------------
 */

static enum status read_sizes(struct scene *scene, struct recomposition *made)
{
    double *values = NULL;
    enum status status = scene_read(scene, SCENE_K, 0, made->n_k, &values);
    for (int64_t s = 0; s < made->n_k && status == STATUS_OK; s++) {
        if (values[s] < 0 || values[s] != rint(values[s]) || values[s] > 0x1p53 ||
            (s > 0 && values[s] <= values[s - 1]))
            status = fail(BAD_INPUT, "%s: expected whole numbers, ascending, found %g at place %lld",
                          scene->config->recomposition.k, values[s], (long long)s);
        else
            made->k[s] = (int64_t)values[s];
    }
    memory_free(values);
    return status;
}

/* One behaviour's column of n rows of probes × behaviours. */
static void take_column(const struct scene *scene, const double *values, int64_t n_row, int64_t b, double *column)
{
    for (int64_t i = 0; i < n_row * scene->n_probe; i++)
        column[i] = values[i * scene->n_behaviour + b];
}

static enum status read_random(struct scene *scene, struct recomposition *made)
{
    if (scene->tensors[SCENE_RANDOM] == NULL)
        return STATUS_OK;
    int64_t dims[TENSOR_MAX_DIM];
    tensor_dimensions(scene->tensors[SCENE_RANDOM], dims);
    int64_t n_draw = dims[1];
    double *values = NULL, *column = memory_allocate(n_draw * scene->n_probe, sizeof *column);
    enum status status = STATUS_OK;
    for (int64_t s = 0; s < made->n_k && status == STATUS_OK; s++) {
        status = scene_read(scene, SCENE_RANDOM, s, 1, &values);
        for (int64_t b = 0; b < scene->n_behaviour && status == STATUS_OK; b++) {
            take_column(scene, values, n_draw, b, column);
            take_random(scene, b, s, column, n_draw, made);
        }
        if (status == STATUS_OK)
            memory_free(values);
    }
    memory_free(column);
    return status;
}

static enum status read_network(struct scene *scene, struct recomposition *made)
{
    double *values = NULL, *column = memory_allocate(made->n_k * scene->n_probe, sizeof *column);
    enum status status = read_sizes(scene, made);
    if (status == STATUS_OK)
        status = scene_read(scene, SCENE_TOP, 0, made->n_k, &values);
    for (int64_t b = 0; b < scene->n_behaviour && status == STATUS_OK; b++) {
        take_column(scene, values, made->n_k, b, column);
        take_top(scene, b, column, made);
    }
    memory_free(values);
    memory_free(column);
    return status == STATUS_OK ? read_random(scene, made) : status;
}

/* ---- as the policy has it -----------------------------------------------------------------------------------------
 */

/* 0, 1, 2, 4, … and all. */
static int64_t list_sizes(int64_t n, int64_t *k)
{
    int64_t count = 0;
    k[count++] = 0;
    for (int64_t size = 1; size < n; size *= 2)
        k[count++] = size;
    k[count++] = n;
    return count;
}

struct carried {
    int64_t feature;
    double value;
};

static int compare_carried(const void *a, const void *b)
{
    const struct carried *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return (left->feature > right->feature) - (left->feature < right->feature);
}

/* Features by |coefficient| × deviation, ties to the lower one. */
static void order_features(const struct policy_facts *policy, int64_t b, int64_t *order)
{
    int64_t m = policy->n_feature;
    struct carried *carried = memory_allocate(m, sizeof *carried);
    for (int64_t j = 0; j < m; j++)
        carried[j] = (struct carried){j, fabs(policy->coefficient[b * m + j]) * policy->deviation[j]};
    qsort(carried, (size_t)m, sizeof *carried, compare_carried);
    for (int64_t j = 0; j < m; j++)
        order[j] = carried[j].feature;
    memory_free(carried);
}

static void rebuild_policy(const struct scene *scene, struct recomposition *made)
{
    int64_t m = scene->policy.n_feature, n = scene->n_probe, n_k = made->n_k, n_draw = scene->config->n_control;
    int64_t *order = memory_allocate(m, sizeof *order);
    double *rebuilt = memory_allocate(n_k * n, sizeof *rebuilt),
           *draws = memory_allocate(n_k * n_draw * n, sizeof *draws);
    for (int64_t b = 0; b < scene->n_behaviour; b++) {
        order_features(&scene->policy, b, order);
        policy_model_rebuild(scene, b, order, made->k, n_k, rebuilt);
        take_top(scene, b, rebuilt, made);
        for (int64_t d = 0; d < n_draw; d++) {
            struct rng rng;
            rng_init(&rng, scene->config->seed, STREAM_RANDOM_ORDERS, d);
            for (int64_t j = 0; j < m; j++)
                order[j] = j;
            rng_shuffle(&rng, order, m);
            policy_model_rebuild(scene, b, order, made->k, n_k, rebuilt);
            for (int64_t s = 0; s < n_k; s++)
                for (int64_t i = 0; i < n; i++)
                    draws[(s * n_draw + d) * n + i] = rebuilt[s * n + i];
        }
        for (int64_t s = 0; s < n_k; s++)
            take_random(scene, b, s, draws + s * n_draw * n, n_draw, made);
    }
    memory_free(draws);
    memory_free(rebuilt);
    memory_free(order);
}

/* ---- on rank 0 ----------------------------------------------------------------------------------------------------
 */

enum status recomposition_make(MPI_Comm comm, struct scene *scene, struct recomposition *made)
{
    enum { MOST_SIZES = 66 };
    int rank;
    MPI_Comm_rank(comm, &rank);
    int64_t k[MOST_SIZES], n_k = 0;
    if (!scene->network)
        n_k = list_sizes(scene->policy.n_feature, k);
    else if (scene->tensors[SCENE_K] != NULL)
        n_k = tensor_rows(scene->tensors[SCENE_K]);
    recomposition_init(scene, n_k, made);
    enum status status = STATUS_OK;
    if (rank == 0 && n_k > 0 && scene->network) {
        status = read_network(scene, made);
    } else if (rank == 0 && n_k > 0) {
        for (int64_t s = 0; s < n_k; s++)
            made->k[s] = k[s];
        rebuild_policy(scene, made);
    }
    status = agree_from(comm, 0, status);
    if (status != STATUS_OK)
        recomposition_clear(made);
    return status;
}
