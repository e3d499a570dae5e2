#include <string.h>

#include "base/memory.h"
#include "mechanism/scene_parts.h"
#include "records/lines.h"

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

/* Dimensions that a tensor must have; 0: any, at least 1. */
struct shape {
    int n_dim;
    int64_t dims[TENSOR_MAX_DIM];
};

static void add_shape(struct text *text, int n_dim, const int64_t *dims)
{
    for (int d = 0; d < n_dim; d++)
        if (dims[d] > 0)
            text_add(text, "%s%lld", d ? " x " : "", (long long)dims[d]);
        else
            text_add(text, "%sany", d ? " x " : "");
}

static enum status check_shape(const char *what, const struct tensor *tensor, const struct shape *shape,
                               const char *meaning)
{
    int64_t dims[TENSOR_MAX_DIM];
    int n_dim = tensor_dimensions(tensor, dims);
    bool good = n_dim == shape->n_dim;
    for (int d = 0; d < n_dim && good; d++)
        good = shape->dims[d] > 0 ? dims[d] == shape->dims[d] : dims[d] > 0;
    if (good)
        return STATUS_OK;
    struct text expected, found;
    text_init(&expected);
    text_init(&found);
    add_shape(&expected, shape->n_dim, shape->dims);
    for (int d = 0; d < n_dim; d++)
        text_add(&found, "%s%lld", d ? " x " : "", (long long)dims[d]);
    enum status status = fail(BAD_INPUT, "mechanism.%s: %s: expected %s (%s), found %s", what, tensor_name(tensor),
                              expected.bytes, meaning, found.bytes);
    text_clear(&expected);
    text_clear(&found);
    return status;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

struct wanted {
    enum scene_tensor which;
    const char *path, *name; /* of the config; its value, NULL: not given */
    struct shape shape;
    const char *meaning;
};

static enum status open_one(struct scene *scene, const struct wanted *wanted)
{
    if (wanted->name == NULL)
        return STATUS_OK;
    struct tensor **tensor = &scene->tensors[wanted->which];
    enum status status = tensor_open(scene->request->directory, wanted->name, tensor);
    if (status != STATUS_OK) {
        *tensor = NULL;
        return status;
    }
    return check_shape(wanted->path, *tensor, &wanted->shape, wanted->meaning);
}

static enum status open_interventions(struct scene *scene)
{
    static const char *const after[] = {"interventions.zero", "interventions.mean", "interventions.patch"};
    static const char *const controls[] = {"controls.zero", "controls.mean", "controls.patch"};
    const struct mechanism_config *config = scene->config;
    int64_t n = scene->n_probe, m = scene->n_behaviour, rows = scene->parts.n_row;
    enum status status = STATUS_OK;
    for (int v = 0; v < N_INTERVENTION && status == STATUS_OK; v++) {
        status = open_one(scene, &(struct wanted){SCENE_AFTER + (enum scene_tensor)v,
                                                  after[v],
                                                  config->after[v],
                                                  {3, {rows, n, m}},
                                                  "parts x probes x behaviours"});
        if (status == STATUS_OK)
            status = open_one(scene, &(struct wanted){SCENE_CONTROLS + (enum scene_tensor)v,
                                                      controls[v],
                                                      config->controls[v],
                                                      {4, {rows, 0, n, m}},
                                                      "parts x controls x probes x behaviours"});
        int64_t dims[TENSOR_MAX_DIM] = {0};
        if (status == STATUS_OK && scene->tensors[SCENE_CONTROLS + v] != NULL)
            tensor_dimensions(scene->tensors[SCENE_CONTROLS + v], dims);
        scene->n_control[v] = dims[1];
    }
    return status;
}

enum status scene_open_tensors(struct scene *scene)
{
    const struct mechanism_config *config = scene->config;
    int64_t n = scene->n_probe, m = scene->n_behaviour, n_k = 0;
    if (config->folds > n)
        return fail(BAD_CONFIG, "mechanism.folds: expected at most the %lld probes, found %lld", (long long)n,
                    (long long)config->folds);
    const struct wanted first[] = {
        {SCENE_BEHAVIOUR, "behaviour.values", config->behaviour_values, {2, {n, m}}, "probes x behaviours"},
        {SCENE_SOURCE, "interventions.source", config->source, {2, {n, m}}, "probes x behaviours"},
        {SCENE_PAIRS, "pairs.after", config->pairs.after, {3, {scene->n_pair, n, m}}, "pairs x probes x behaviours"},
        {SCENE_K, "recomposition.k", config->recomposition.k, {1, {0}}, "one whole number per size"},
        {SCENE_ACTIVATIONS, "baselines.activations", config->baselines.activations, {2, {n, 0}}, "probes x width"},
        {SCENE_INPUTS, "baselines.inputs", config->baselines.inputs, {2, {n, 0}}, "probes x width"}};
    enum status status = open_interventions(scene);
    for (size_t i = 0; i < sizeof first / sizeof *first && status == STATUS_OK; i++)
        status = open_one(scene, &first[i]);
    if (status == STATUS_OK && scene->tensors[SCENE_K] != NULL)
        n_k = tensor_rows(scene->tensors[SCENE_K]);
    const struct wanted then[] = {
        {SCENE_TOP, "recomposition.top", config->recomposition.top, {3, {n_k, n, m}}, "k x probes x behaviours"},
        {SCENE_RANDOM,
         "recomposition.random",
         config->recomposition.random,
         {4, {n_k, 0, n, m}},
         "k x draws x probes x behaviours"}};
    for (size_t i = 0; i < sizeof then / sizeof *then && status == STATUS_OK; i++)
        status = open_one(scene, &then[i]);
    return status == STATUS_OK ? scene_plan(scene) : status;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

enum status scene_read(struct scene *scene, enum scene_tensor which, int64_t first, int64_t n, double **values)
{
    struct tensor *tensor = scene->tensors[which];
    int64_t width = tensor_columns(tensor);
    void *raw = memory_allocate_raw(n * width, tensor_type_size(tensor_type(tensor)));
    double *out = memory_allocate_raw(n * width, sizeof *out);
    enum status status = tensor_read(tensor, first, n, raw, &scene->segments);
    if (status == STATUS_OK)
        status = tensor_to_double(tensor, first, n, raw, out);
    memory_free(raw);
    if (status == STATUS_OK)
        *values = out;
    else
        memory_free(out);
    return status;
}

/* Rows of parts that are not taken: nobody reads them, and no byte of an input may change unseen. */
static void list_untaken(const struct scene *scene, struct segment_list *rest)
{
    const struct parts *parts = &scene->parts;
    for (int t = SCENE_AFTER; t < SCENE_CONTROLS + N_INTERVENTION; t++) {
        int64_t next = 0; /* the row after the last one looked at */
        for (int64_t p = 0; p <= parts->n && scene->tensors[t] != NULL; p++) {
            int64_t row = p < parts->n ? parts->items[p].row : parts->n_row;
            if (row > next)
                tensor_list(scene->tensors[t], next, row - next, rest);
            next = row + 1;
        }
    }
}

enum status scene_list_rest(const struct scene *scene, struct segment_list *rest)
{
    struct tensor *tensors[N_SCENE_TENSOR];
    int n = 0;
    for (int t = 0; t < N_SCENE_TENSOR; t++)
        if (scene->tensors[t] != NULL)
            tensors[n++] = scene->tensors[t];
    enum status status = tensor_gaps(tensors, n, rest);
    list_untaken(scene, rest);
    const struct mechanism_request *request = scene->request;
    for (int64_t i = 0; i < request->also->n && status == STATUS_OK; i++)
        status = segments_add_file(rest, request->directory, request->also->items[i]);
    return status;
}

/* ---- pairs of parts ---------------------------------------------------------------------------------------------- */

static enum status take_part(const struct scene *scene, const struct lines *lines, const char *key, int64_t *part)
{
    const char *id;
    enum status status = lines_string(lines, key, &id);
    if (status != STATUS_OK)
        return status;
    *part = parts_find(&scene->parts, id);
    return *part < 0 ? lines_expected(lines, key, "the id of a part of mechanism.parts") : STATUS_OK;
}

enum status scene_parse_pairs(struct scene *scene, const char *bytes, size_t n)
{
    struct lines lines;
    int64_t room = 0;
    lines_init(&lines, scene->config->pairs.file, bytes, n);
    enum status status = lines_next(&lines);
    while (status == STATUS_OK && lines.record != NULL) {
        if (scene->n_pair == room) {
            room = 2 * room + 64;
            scene->first = memory_resize(scene->first, scene->n_pair, room, sizeof *scene->first);
            scene->second = memory_resize(scene->second, scene->n_pair, room, sizeof *scene->second);
        }
        status = take_part(scene, &lines, "first", &scene->first[scene->n_pair]);
        if (status == STATUS_OK)
            status = take_part(scene, &lines, "second", &scene->second[scene->n_pair]);
        if (status == STATUS_OK && scene->first[scene->n_pair] == scene->second[scene->n_pair])
            status = lines_expected(&lines, "second", "another part than first");
        scene->n_pair++;
        if (status == STATUS_OK)
            status = lines_next(&lines);
    }
    if (status == STATUS_OK && scene->n_pair == 0)
        status = fail(BAD_INPUT, "%s: expected at least one pair of parts, found an empty file", lines.file);
    lines_clear(&lines);
    return status;
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

void scene_shape(const struct scene *scene, int64_t n_rank, struct mechanism_shape *shape)
{
    const struct mechanism_config *config = scene->config;
    *shape = (struct mechanism_shape){.n_part = scene->parts.n,
                                      .n_probe = scene->n_probe,
                                      .n_behaviour = scene->n_behaviour,
                                      .n_category = scene->n_category,
                                      .n_fold = config->folds,
                                      .n_resample = config->resamples,
                                      .n_pair = scene->n_pair,
                                      .n_rank = n_rank,
                                      .block_parts = config->block_parts,
                                      .memory = config->memory};
    for (int v = 0; v < N_INTERVENTION; v++) {
        int64_t n_control = scene->n_control[v];
        shape->n_intervention += scene_has(scene, v);
        shape->n_control = n_control > shape->n_control ? n_control : shape->n_control;
        shape->n_measure += scene->tensors[SCENE_AFTER + v] != NULL ? 1 + n_control : 0;
    }
    for (int t = SCENE_PAIRS; t < N_SCENE_TENSOR; t++) {
        const struct tensor *tensor = scene->tensors[t];
        int64_t n = tensor == NULL ? 0 : tensor_rows(tensor) * tensor_columns(tensor);
        shape->n_largest = n > shape->n_largest ? n : shape->n_largest;
    }
}

enum status scene_plan(const struct scene *scene)
{
    struct mechanism_shape shape;
    struct mechanism_plan plan;
    scene_shape(scene, 1, &shape);
    return mechanism_plan_make(&shape, &plan);
}
