#include "jobs/forecast.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "influence/study_plan.h"
#include "influence/tables.h"
#include "reference/train_plan.h"
#include "seal/entry.h"

/* MPI, HDF5, the matrix library and the program itself take about so much of every rank. */
#define BASE_BYTES (128.0 * (1 << 20))
/* One row of a list of inputs; what a rank notes of a block; and ids and values on their way between ranks. */
enum { SEGMENT_BYTES = 256, BLOCK_NOTE_BYTES = 48, SURVEY_BYTES = 4 << 20 };
#define ASSUMED_OPERATIONS 1e9 /* of the trainer, per second */
#define ASSUMED_ENTRIES    1e5 /* of the log, per second and rank */

static bool inputs_are_there(const struct study_request *request)
{
    char *path = path_join(request->directory, request->samples->file);
    bool there = path_exists(path);
    memory_free(path);
    return there;
}

/* ---- train ----------------------------------------------------------------------------------------------------- */

/* Multiplications of one example in one pass through the network, and the numbers captured of it. */
static void measure_network(const struct train_config *config, int64_t n_in, double *products, double *captured)
{
    enum { CLASSES = 10 };
    double before = (double)n_in;
    *products = *captured = 0;
    for (int64_t l = 0; l <= config->hidden.n; l++) {
        double width = l < config->hidden.n ? config->hidden.items[l] : CLASSES;
        *products += before * width;
        *captured += before + width;
        before = width;
    }
}

static enum status forecast_train(const struct context *context, struct forecast *forecast)
{
    const struct train_config *config = config_get(&context->config, "train");
    struct tensor *images;
    struct train_plan plan;
    enum status status = tensor_open(context->inputs_directory, config->images, &images);
    if (status != STATUS_OK)
        return status;
    status = train_plan_make(config, tensor_rows(images), NULL, &plan);
    if (status == STATUS_OK) {
        double products, captured, n = (double)(plan.n_train + plan.n_query) * (double)plan.n_checkpoint;
        measure_network(config, tensor_columns(images), &products, &captured);
        forecast->train.operations =
            6 * products * ((double)config->epochs * (double)plan.n_train + n); /* forward, and twice that backward */
        forecast->train.output_bytes = 4 * captured * n;
    }
    tensor_close(images);
    return status;
}

/* ---- influence ------------------------------------------------------------------------------------------------- */

/* Lines of the samples file and passes over it, and what a rank holds while they last. */
static void forecast_records(const struct study *study, double scale, struct forecast *forecast,
                             struct influence_other *other)
{
    const struct influence_shape *shape = &forecast->shape;
    struct id_plan ids;
    other->n_record = (double)study->samples.n_record * scale;
    int64_t n_line = other->n_record < 0x1p62 ? (int64_t)other->n_record : INT64_C(1) << 62;
    samples_open_plan(n_line, shape->n_rank, shape->memory, &ids);
    other->n_pass = (double)ids.n_pass;
    forecast->record_bytes = (double)ids.bytes + (double)shape->record_bytes + SURVEY_BYTES;
}

/* Segments that reading a side of all captures gives: one per block and tensor, and one more for every shard that
 * begins within a block. */
static double count_segments(const struct study *study, enum capture_which which, double n_block, double scale)
{
    double n = 0;
    for (int i = 0; i < study->n_used * study->n_layer; i++) {
        struct tensor *tensors[MAX_FACTORS + 1];
        for (int t = capture_tensors(&study->captures[i].side[which], tensors); t > 0; t--) {
            struct segment_list shards;
            segments_init(&shards);
            tensor_list(tensors[t - 1], 0, tensor_rows(tensors[t - 1]), &shards);
            n += n_block + scale * (double)(shards.n - 1);
            segments_clear(&shards);
        }
    }
    return n;
}

/* An entry for every input, one for every dataset and one for every block of its rows, and two of their own. */
static void forecast_seal(const struct study *study, double n_segment, double path_bytes, struct forecast *forecast)
{
    const double row_bytes[N_INPUT_DATASETS] = {path_bytes, 32, 1, 16, 16, DIGEST_BYTES};
    int64_t n_row = n_segment < 0x1p62 ? (int64_t)n_segment : INT64_C(1) << 62;
    double n_entry = 2 + n_segment, bytes = 0;
    int n;
    struct influence_tables *tables = influence_tables_list(study, &forecast->plan);
    const struct dataset *list = influence_tables_get(tables, &n);
    for (int d = 0; d < n; d++) {
        n_entry += 1 + (double)block_count(dataset_rows(&list[d]), dataset_row_bytes(&list[d]));
        bytes += (double)dataset_rows(&list[d]) * (double)dataset_row_bytes(&list[d]);
    }
    influence_tables_destroy(tables);
    for (int d = 0; d < N_INPUT_DATASETS; d++) {
        n_entry += 1 + (double)block_count(n_row, (int64_t)row_bytes[d]);
        bytes += n_segment * row_bytes[d];
    }
    forecast->seal.n_entry = n_entry;
    forecast->seal.hashed_bytes = 3 * bytes; /* blocks by two ways, on two ranks, and whole files */
}

/* Inputs that no row of a capture covers: bytes, segments, and the longest path. */
struct rest {
    double bytes, n, path_bytes;
};

static enum status list_rest(const struct study_request *request, const struct study *study, struct rest *rest)
{
    struct segment_list list;
    segments_init(&list);
    enum status status = study_list_rest(request, study, &list);
    *rest = (struct rest){.n = (double)list.n, .path_bytes = 1};
    for (int64_t i = 0; i < list.n; i++) {
        rest->bytes += (double)list.items[i].bytes;
        rest->path_bytes = fmax(rest->path_bytes, (double)strlen(list.items[i].path));
    }
    segments_clear(&list);
    return status;
}

static enum status forecast_study(const struct study_request *request, const struct study *study,
                                  struct forecast *forecast)
{
    enum { OTHER_RECORDS = 2 }; /* queries and checkpoints */
    struct influence_shape *shape = &forecast->shape;
    struct influence_plan *plan = &forecast->plan;
    struct rest rest = {0};
    enum status status = study_shape(study, forecast->request.n_rank, shape);
    if (status == STATUS_OK)
        status = list_rest(request, study, &rest);
    if (status != STATUS_OK)
        return status;
    if (forecast->request.n_train > 0)
        shape->n_train = forecast->request.n_train;
    if (forecast->request.memory > 0)
        shape->memory = forecast->request.memory;
    double scale = (double)shape->n_train / (double)study->samples.n;
    shape->record_bytes = study_record_bytes(study, scale);
    status = influence_plan_make(shape, plan); /* its figures are there even when they do not fit */
    if (status == CANNOT_FIT)
        forecast->misfit = memory_copy_text(failure_sentence());
    else if (status != STATUS_OK)
        return status;
    struct influence_other other = {.rest_bytes = rest.bytes};
    forecast_records(study, scale, forecast, &other);
    double records = ceil(fmax(1, (double)study->samples.pieces.bytes * scale / SEGMENT_LIMIT)) + OTHER_RECORDS;
    double n_segment = rest.n + records + count_segments(study, TRAIN_SIDE, (double)plan->n_block, scale) +
                       count_segments(study, QUERY_SIDE, 1, 1);
    /* The list of inputs is there twice: as read, and as laid out or sent. */
    forecast->list_bytes = 2 * n_segment * SEGMENT_BYTES + (double)plan->n_block * BLOCK_NOTE_BYTES;
    forecast->rank_bytes = BASE_BYTES + fmax(forecast->record_bytes, (double)plan->peak_bytes) + forecast->list_bytes;
    influence_work_make(shape, plan, &other, &forecast->work);
    forecast_seal(study, n_segment, rest.path_bytes, forecast);
    return STATUS_OK;
}

static enum status forecast_influence(const struct context *context, struct forecast *forecast)
{
    struct study_request request = context_study(context);
    if (request.samples == NULL || request.checkpoints == NULL)
        return fail(BAD_CONFIG, "%s: samples, checkpoints: influence needs both sections", context->options->target);
    if (forecast->has_train && !inputs_are_there(&request)) {
        forecast->awaits_training = true;
        return STATUS_OK;
    }
    struct text problems;
    struct study study;
    text_init(&problems);
    enum status status;
    if (study_open_local(&request, &study, &problems)) {
        status = forecast_study(&request, &study, forecast);
        study_close(&study);
    } else {
        problems.bytes[problems.length - 1] = 0; /* the last line feed: the sentence gets its own */
        status = fail(BAD_INPUT, "%s", problems.bytes);
    }
    text_clear(&problems);
    return status;
}

/* ---- policy ---------------------------------------------------------------------------------------------------- */

/* Beside the figures of its own, what it adds to those of all jobs. */
static enum status forecast_policy(const struct context *context, struct forecast *forecast)
{
    enum { DATASETS = 80 }; /* of policy.h5, about */
    struct policy_forecast *policy = &forecast->policy;
    const struct forecast_request *request = &forecast->request;
    enum status status = policy_forecast_make(context, request->n_rank, request->memory, request->calibration, policy);
    if (status != STATUS_OK)
        return status;
    forecast->awaits_training = forecast->awaits_training || policy->awaits_training;
    if (policy->misfit != NULL && forecast->misfit == NULL)
        forecast->misfit = memory_copy_text(policy->misfit);
    double list_bytes = 2 * policy->n_segment * SEGMENT_BYTES;
    forecast->rank_bytes = fmax(forecast->rank_bytes, BASE_BYTES + (double)policy->plan.peak_bytes + list_bytes);
    forecast->seal.n_entry += policy->n_segment + DATASETS + policy->plan.output_bytes / 0x1p20;
    forecast->seal.hashed_bytes += 3 * policy->plan.output_bytes;
    return STATUS_OK;
}

/* ---- lineage --------------------------------------------------------------------------------------------------- */

static enum status forecast_lineage(const struct context *context, struct forecast *forecast)
{
    enum { DATASETS = 120 }; /* of lineage.h5, about */
    struct lineage_forecast *lineage = &forecast->lineage;
    const struct forecast_request *request = &forecast->request;
    enum status status =
        lineage_forecast_make(context, request->n_rank, request->memory, request->calibration, lineage);
    if (status != STATUS_OK)
        return status;
    forecast->awaits_training = forecast->awaits_training || lineage->awaits_training;
    if (lineage->misfit != NULL && forecast->misfit == NULL)
        forecast->misfit = memory_copy_text(lineage->misfit);
    double list_bytes = 2 * lineage->estimate.n_segment * SEGMENT_BYTES;
    forecast->rank_bytes = fmax(forecast->rank_bytes, BASE_BYTES + (double)lineage->plan.peak_bytes + list_bytes);
    forecast->seal.n_entry += lineage->estimate.n_segment + DATASETS + lineage->plan.output_bytes / 0x1p20;
    forecast->seal.hashed_bytes += 3 * lineage->plan.output_bytes;
    return STATUS_OK;
}

/* ---- mechanism ------------------------------------------------------------------------------------------------- */

static enum status forecast_mechanism(const struct context *context, struct forecast *forecast)
{
    enum { DATASETS = 90 }; /* of mechanism.h5, about */
    struct mechanism_forecast *mechanism = &forecast->mechanism;
    const struct forecast_request *request = &forecast->request;
    enum status status =
        mechanism_forecast_make(context, request->n_rank, request->memory, request->calibration, mechanism);
    if (status != STATUS_OK)
        return status;
    if (mechanism->misfit != NULL && forecast->misfit == NULL)
        forecast->misfit = memory_copy_text(mechanism->misfit);
    double list_bytes = 2 * mechanism->n_segment * SEGMENT_BYTES;
    forecast->rank_bytes = fmax(forecast->rank_bytes, BASE_BYTES + mechanism->plan.peak_bytes + list_bytes);
    forecast->seal.n_entry += mechanism->n_segment + DATASETS + mechanism->plan.output_bytes / 0x1p20;
    forecast->seal.hashed_bytes += 3 * mechanism->plan.output_bytes;
    return STATUS_OK;
}

/* ---- counterfactual -------------------------------------------------------------------------------------------- */

/* The same. */
static enum status forecast_counterfactual(const struct context *context, struct forecast *forecast)
{
    enum { DATASETS = 70 }; /* of counterfactual.h5, about */
    struct counterfactual_forecast *found = &forecast->counterfactual;
    const struct forecast_request *request = &forecast->request;
    enum status status =
        counterfactual_forecast_make(context, request->n_rank, request->memory, request->calibration, found);
    if (status != STATUS_OK)
        return status;
    forecast->awaits_training = forecast->awaits_training || found->awaits_training;
    if (found->misfit != NULL && forecast->misfit == NULL)
        forecast->misfit = memory_copy_text(found->misfit);
    double list_bytes = 2 * found->n_segment * SEGMENT_BYTES;
    forecast->rank_bytes = fmax(forecast->rank_bytes, BASE_BYTES + (double)found->plan.peak_bytes + list_bytes);
    forecast->seal.n_entry += found->n_segment + DATASETS + found->plan.output_bytes / 0x1p20;
    forecast->seal.hashed_bytes += 3 * found->plan.output_bytes;
    return STATUS_OK;
}

/* ---- times ----------------------------------------------------------------------------------------------------- */

static void forecast_times(struct forecast *forecast)
{
    const struct forecast_request *request = &forecast->request;
    forecast->train_seconds = forecast->has_train ? forecast->train.operations / ASSUMED_OPERATIONS : 0;
    forecast->seal_seconds = forecast->seconds = -1;
    if (request->calibration == NULL || forecast->awaits_training)
        return;
    double influence = 0;
    if (forecast->has_influence) {
        influence_time_make(&forecast->work, request->calibration, (int)forecast->shape.n_digit,
                            request->n_cpu > 1 && forecast->shape.ahead, &forecast->time);
        influence = forecast->time.total;
    }
    forecast->seal_seconds = forecast->has_seal ? (forecast->seal.hashed_bytes / request->calibration->read_bytes +
                                                   2 * forecast->seal.n_entry / ASSUMED_ENTRIES) /
                                                      (double)request->n_rank
                                                : 0;
    double policy = forecast->has_policy ? forecast->policy.seconds : 0;
    double counterfactual = forecast->has_counterfactual ? forecast->counterfactual.seconds : 0;
    double lineage = forecast->has_lineage ? forecast->lineage.seconds : 0;
    double mechanism = forecast->has_mechanism ? fmax(forecast->mechanism.seconds, 0) : 0;
    forecast->seconds =
        forecast->train_seconds + lineage + influence + policy + mechanism + counterfactual + forecast->seal_seconds;
}

enum status forecast_make(const struct context *context, const struct forecast_request *request,
                          struct forecast *forecast)
{
    *forecast = (struct forecast){.request = *request,
                                  .has_train = config_get(&context->config, "train") != NULL,
                                  .has_lineage = config_get(&context->config, "lineage") != NULL,
                                  .has_influence = config_get(&context->config, "influence") != NULL,
                                  .has_policy = config_get(&context->config, "policy") != NULL,
                                  .has_mechanism = config_get(&context->config, "mechanism") != NULL,
                                  .has_counterfactual = config_get(&context->config, "counterfactual") != NULL,
                                  .has_seal = config_get(&context->config, "seal") != NULL,
                                  .rank_bytes = BASE_BYTES};
    enum status status = STATUS_OK;
    if (forecast->has_train)
        status = forecast_train(context, forecast);
    if (status == STATUS_OK && forecast->has_influence)
        status = forecast_influence(context, forecast);
    if (status == STATUS_OK && forecast->has_lineage)
        status = forecast_lineage(context, forecast);
    if (status == STATUS_OK && forecast->has_policy)
        status = forecast_policy(context, forecast);
    if (status == STATUS_OK && forecast->has_mechanism)
        status = forecast_mechanism(context, forecast);
    if (status == STATUS_OK && forecast->has_counterfactual)
        status = forecast_counterfactual(context, forecast);
    if (status == STATUS_OK)
        forecast_times(forecast);
    else
        forecast_clear(forecast);
    return status;
}

void forecast_clear(struct forecast *forecast)
{
    study_shape_clear(&forecast->shape);
    memory_free(forecast->misfit);
    lineage_forecast_clear(&forecast->lineage);
    policy_forecast_clear(&forecast->policy);
    mechanism_forecast_clear(&forecast->mechanism);
    counterfactual_forecast_clear(&forecast->counterfactual);
    *forecast = (struct forecast){0};
}

int64_t forecast_minutes(const struct forecast *forecast)
{
    enum { LEAST = 5, UNKNOWN = 60 };
    if (forecast->seconds < 0)
        return UNKNOWN;
    double minutes = ceil(1.5 * forecast->seconds / 60);
    return minutes < LEAST ? LEAST : minutes < 1e12 ? (int64_t)minutes : (int64_t)1e12;
}

int64_t forecast_mebibytes(const struct forecast *forecast)
{
    enum { STEP = 64 };
    double per_core = 1.125 * forecast->rank_bytes / (double)forecast->request.n_cpu;
    return (int64_t)ceil(per_core / ((double)STEP * (1 << 20))) * STEP;
}
