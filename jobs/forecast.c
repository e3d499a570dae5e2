#include "jobs/forecast.h"

#include <math.h>

#include "base/file.h"
#include "base/memory.h"
#include "influence/study_plan.h"
#include "reference/train_plan.h"

/* MPI, HDF5, the matrix library and the program itself take about so much of every rank. */
#define BASE_BYTES (128.0 * (1 << 20))
/* What one entry of the sets of ids takes while samples are parsed, the id apart; and one row of a list of inputs. */
enum { ID_BYTES = 48, SEGMENT_BYTES = 256 };
#define ASSUMED_OPERATIONS 1e9    /* of the trainer, per second */
#define ASSUMED_ENTRIES    1e5    /* of the log, per second and rank */
#define BLOCK_BYTES        0x1p20 /* of a table, under one entry */

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
    status = train_plan_make(config, tensor_rows(images), &plan);
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

/* Bytes of the samples file, scaled to the examples planned for, and what every rank holds of them. */
static enum status forecast_records(const struct study_request *request, const struct study *study, double scale,
                                    struct forecast *forecast)
{
    char *path = path_join(request->directory, request->samples->file);
    int64_t bytes = 0;
    enum status status = file_size(path, &bytes);
    memory_free(path);
    if (status != STATUS_OK)
        return status;
    const struct samples *samples = &study->samples;
    double file = (double)bytes * scale, id = (double)samples->id_bytes;
    double parsing = file + (double)samples->n_record * scale * (id + ID_BYTES);
    double kept = (double)samples->n * scale * (id + 4 * (double)samples->n_column);
    double scoring = kept + (double)forecast->plan.peak_bytes;
    forecast->record_bytes = fmax(parsing, kept);
    forecast->rank_bytes = BASE_BYTES + fmax(parsing + kept, scoring) + forecast->list_bytes;
    if (file > (double)STUDY_RECORD_LIMIT && forecast->misfit == NULL) {
        char found[32], most[32];
        fail(CANNOT_FIT, "%s: every rank reads the whole file, and %s are more than the %s that it may have",
             request->samples->file, figure_bytes(file, found), figure_bytes((double)STUDY_RECORD_LIMIT, most));
        forecast->misfit = memory_copy_text(failure_sentence());
    }
    return STATUS_OK;
}

/* Segments of captures: one per block and tensor, and those that the ends of shards add, which the blocks hide. */
static double count_segments(const struct forecast *forecast, const struct study *study)
{
    double n = 0;
    for (int i = 0; i < study->n_used * study->n_layer; i++) {
        struct tensor *list[MAX_FACTORS + 1];
        n += capture_tensors(&study->captures[i].side[TRAIN_SIDE], list);
    }
    return n * (double)forecast->plan.n_block;
}

static void forecast_seal(const struct study *study, double n_segment, struct forecast *forecast)
{
    enum { FIXED_DATASETS = 30, PER_COLUMN = 7 };
    double n_dataset = FIXED_DATASETS + PER_COLUMN * (double)study->samples.n_column;
    double row = (double)study->samples.id_bytes + 4 * (double)study->samples.n_column;
    double bytes = forecast->plan.output_bytes + row * (double)forecast->plan.n_train + n_segment * SEGMENT_BYTES;
    forecast->seal.n_entry = 2 + n_segment + n_dataset + ceil(bytes / BLOCK_BYTES);
    forecast->seal.hashed_bytes = 3 * bytes; /* blocks by two ways, on two ranks, and whole files */
}

static enum status list_rest(const struct study_request *request, const struct study *study, double *bytes, double *n)
{
    struct segment_list rest;
    segments_init(&rest);
    enum status status = study_list_rest(request, study, &rest);
    for (int64_t i = 0; i < rest.n; i++)
        *bytes += (double)rest.items[i].bytes;
    *n = (double)rest.n;
    segments_clear(&rest);
    return status;
}

static enum status forecast_study(const struct study_request *request, const struct study *study,
                                  struct forecast *forecast)
{
    struct influence_shape *shape = &forecast->shape;
    double rest_bytes = 0, n_rest = 0;
    enum status status = study_shape(study, forecast->request.n_rank, shape);
    if (status == STATUS_OK)
        status = list_rest(request, study, &rest_bytes, &n_rest);
    if (status != STATUS_OK)
        return status;
    if (forecast->request.n_train > 0)
        shape->n_train = forecast->request.n_train;
    if (forecast->request.memory > 0)
        shape->memory = forecast->request.memory;
    double scale = (double)shape->n_train / (double)study->samples.n;
    status = influence_plan_make(shape, &forecast->plan); /* its figures are there even when they do not fit */
    if (status == CANNOT_FIT)
        forecast->misfit = memory_copy_text(failure_sentence());
    else if (status != STATUS_OK)
        return status;
    double n_segment = n_rest + count_segments(forecast, study);
    forecast->list_bytes = 2 * n_segment * SEGMENT_BYTES; /* once as read, once as laid out or sent */
    struct influence_other other = {(double)study->samples.n_record * scale, rest_bytes};
    influence_work_make(shape, &forecast->plan, &other, &forecast->work);
    forecast_seal(study, n_segment, forecast);
    return forecast_records(request, study, scale, forecast);
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
    forecast->seconds = forecast->train_seconds + influence + forecast->seal_seconds;
}

enum status forecast_make(const struct context *context, const struct forecast_request *request,
                          struct forecast *forecast)
{
    *forecast = (struct forecast){.request = *request,
                                  .has_train = config_get(&context->config, "train") != NULL,
                                  .has_influence = config_get(&context->config, "influence") != NULL,
                                  .has_seal = config_get(&context->config, "seal") != NULL,
                                  .rank_bytes = BASE_BYTES};
    enum status status = STATUS_OK;
    if (forecast->has_train)
        status = forecast_train(context, forecast);
    if (status == STATUS_OK && forecast->has_influence)
        status = forecast_influence(context, forecast);
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
