#include "counterfactual/method.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "exact/dense.h"
#include "exact/rng.h"

enum { STREAM_CONTROL = 1002 };

/* ---- scores ----------------------------------------------------------------------------------------------------- */

static enum status score_influence(struct method_ground *ground, const struct method *method, int64_t b, double *scores)
{
    (void)method, (void)b;
    size_t n = (size_t)(ground->slab->n * ground->inquiry->queries.n);
    memcpy(scores, ground->slab->score, n * sizeof *scores);
    return STATUS_OK;
}

/* The fall of the margin without the example: exact, and of the ridge head, not of the network. */
static enum status score_ridge(struct method_ground *ground, const struct method *method, int64_t b, double *scores)
{
    (void)method, (void)b;
    const struct slab *slab = ground->slab;
    ridge_examine(ground->ridge, slab->n, slab->z, slab->t, ground->u, ground->h, ground->e);
    ridge_leave_out(ground->ridge, slab->n, ground->u, ground->h, ground->e, scores);
    for (int64_t i = 0; i < slab->n * ground->inquiry->queries.n; i++)
        scores[i] = isnan(scores[i]) ? 0 : -scores[i];
    return STATUS_OK;
}

static enum status score_tensor(struct method_ground *ground, const struct method *method, int64_t b, double *scores)
{
    return inquiry_read(ground->inquiry, (int)method->tensor, b, ground->list, scores);
}

/* Cosines of raw inputs; 0 where either is all zeros. */
static enum status score_similarity(struct method_ground *ground, const struct method *method, int64_t b,
                                    double *scores)
{
    (void)method, (void)b;
    int64_t n = ground->slab->n, m = ground->inquiry->queries.n, d = ground->n_input;
    memset(scores, 0, (size_t)(n * m) * sizeof *scores);
    dense_add_product(n, m, d, ground->inputs, d, ground->query_inputs, d, scores, m);
    for (int64_t i = 0; i < n; i++) {
        double square = 0;
        for (int64_t j = 0; j < d; j++)
            square += ground->inputs[i * d + j] * ground->inputs[i * d + j];
        double norm = sqrt(square);
        for (int64_t q = 0; q < m; q++) {
            double both = norm * ground->query_norm[q];
            scores[i * m + q] = both > 0 ? scores[i * m + q] / both : 0;
        }
    }
    return STATUS_OK;
}

static enum status score_same_class(struct method_ground *ground, const struct method *method, int64_t b,
                                    double *scores)
{
    enum status status = score_similarity(ground, method, b, scores);
    int64_t m = ground->inquiry->queries.n;
    for (int64_t i = 0; i < ground->slab->n * m; i++)
        if (ground->labels[i / m] != ground->query_labels[i % m])
            scores[i] = 0;
    return status;
}

static enum status score_random(struct method_ground *ground, const struct method *method, int64_t b, double *scores)
{
    (void)method, (void)b;
    int64_t m = ground->inquiry->queries.n;
    for (int64_t i = 0; i < ground->slab->n; i++) {
        struct rng rng;
        rng_init(&rng, ground->inquiry->config->seed, STREAM_CONTROL, ground->slab->first + i);
        for (int64_t q = 0; q < m; q++)
            scores[i * m + q] = rng_uniform(&rng) - 0.5;
    }
    return STATUS_OK;
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void add(struct methods *methods, struct method method, const char *name)
{
    method.name = memory_copy_text(name);
    methods->items[methods->n++] = method;
}

static void list_methods(struct methods *methods)
{
    const struct method_ground *ground = &methods->ground;
    const struct counterfactual_config *config = ground->inquiry->config;
    enum { OWN = 5 }; /* beside those that the config names */
    methods->items = memory_allocate(config->truth.scores.n + OWN, sizeof *methods->items);
    struct text own;
    text_init(&own);
    if (ground->scores != NULL && ground->scores->all) {
        text_add(&own, "%s (this run)", ground->scores->method);
        add(methods, (struct method){.score = score_influence}, own.bytes);
    }
    text_clear(&own);
    for (int64_t i = 0; i < config->truth.scores.n; i++)
        add(methods, (struct method){.tensor = N_INQUIRY_TENSORS + i, .score = score_tensor},
            config->truth.names.items[i]);
    if (ground->ridge != NULL)
        add(methods, (struct method){.score = score_ridge}, "ridge leave-one-out");
    if (ground->query_labels != NULL && ground->query_inputs != NULL)
        add(methods, (struct method){.is_control = true, .score = score_same_class}, "same class x input cosine");
    if (ground->query_inputs != NULL)
        add(methods, (struct method){.is_control = true, .score = score_similarity}, "input cosine");
    add(methods, (struct method){.is_control = true, .score = score_random}, "random");
}

static enum status load_queries(MPI_Comm comm, struct method_ground *ground)
{
    struct inquiry *inquiry = ground->inquiry;
    enum status status = STATUS_OK;
    if (inquiry_has(inquiry, CONTROL_QUERY_INPUTS)) {
        ground->n_input = tensor_columns(inquiry->tensors[CONTROL_QUERY_INPUTS]);
        status = inquiry_load(comm, inquiry, CONTROL_QUERY_INPUTS, &ground->query_inputs);
        ground->query_norm = memory_allocate(inquiry->queries.n, sizeof *ground->query_norm);
    }
    for (int64_t q = 0; ground->query_inputs != NULL && q < inquiry->queries.n; q++) {
        double square = 0;
        for (int64_t j = 0; j < ground->n_input; j++) {
            double x = ground->query_inputs[q * ground->n_input + j];
            square += x * x;
        }
        ground->query_norm[q] = sqrt(square);
    }
    if (status == STATUS_OK && inquiry_has(inquiry, CONTROL_QUERY_LABELS))
        status = inquiry_load(comm, inquiry, CONTROL_QUERY_LABELS, &ground->query_labels);
    return status;
}

enum status methods_open(MPI_Comm comm, struct slab *slab, const struct ridge *ridge, const struct scores *scores,
                         struct methods *methods)
{
    *methods = (struct methods){.ground = {.inquiry = slab->inquiry, .slab = slab, .ridge = ridge, .scores = scores}};
    struct method_ground *ground = &methods->ground;
    int64_t rows = slab->rows.capacity;
    enum status status = load_queries(comm, ground);
    ground->inputs = memory_allocate_raw(rows * ground->n_input, sizeof(double));
    ground->labels = memory_allocate_raw(rows, sizeof(double));
    ground->u = memory_allocate_raw(ridge != NULL ? rows * slab->size : 0, sizeof(double));
    ground->h = memory_allocate_raw(rows, sizeof(double));
    ground->e = memory_allocate_raw(rows * slab->targets->n, sizeof(double));
    if (status == STATUS_OK)
        list_methods(methods);
    else
        methods_clear(methods);
    return status;
}

void methods_clear(struct methods *methods)
{
    for (int64_t i = 0; i < methods->n; i++)
        memory_free(methods->items[i].name);
    memory_free(methods->items);
    memory_free(methods->ground.e);
    memory_free(methods->ground.h);
    memory_free(methods->ground.u);
    memory_free(methods->ground.labels);
    memory_free(methods->ground.inputs);
    memory_free(methods->ground.query_labels);
    memory_free(methods->ground.query_norm);
    memory_free(methods->ground.query_inputs);
    *methods = (struct methods){0};
}

enum status methods_read(struct methods *methods, int64_t b, bool list)
{
    struct method_ground *ground = &methods->ground;
    int wanted = SLAB_SAMPLES | (ground->ridge ? SLAB_RIDGE : 0) |
                 (ground->scores != NULL && ground->scores->all ? SLAB_SCORES : 0);
    enum status status = slab_read(ground->slab, b, wanted, false);
    if (status == STATUS_OK && inquiry_has(ground->inquiry, CONTROL_INPUTS))
        status = inquiry_read(ground->inquiry, CONTROL_INPUTS, b, list, ground->inputs);
    if (status == STATUS_OK && inquiry_has(ground->inquiry, CONTROL_LABELS))
        status = inquiry_read(ground->inquiry, CONTROL_LABELS, b, list, ground->labels);
    ground->list = list;
    return status;
}
