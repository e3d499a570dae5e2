#include "influence/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cost/measure.h"
#include "exact/threads.h"
#include "influence/stage.h"

enum { SHORT = 16, LONG = 512 };

static double seconds_of(void (*go)(void *), void *what)
{
    return measure_best(go, what, CLOCK_OF_PROCESSOR);
}

static double positive(double seconds)
{
    return seconds > 1e-9 ? seconds : 1e-9;
}

/* ---- products, score terms, tallies ----------------------------------------------------------------------------- */

static void score_tile(void *what)
{
    struct stage *stage = what;
    stage->tile = scorer_tile(stage->scorer, 0, stage->plan.tile_rows);
}

static void tally_tile(void *what)
{
    struct stage *stage = what;
    partial_add_tile(&stage->partial, &stage->study, &stage->team, &stage->rows, stage->tile);
}

/* Seconds of one tile with contractions of `n_column`, and what the plan counts for it. */
static double measure_tile(const char *backend, int n_digit, int64_t n_column, struct influence_plan *plan)
{
    struct stage *stage = stage_create(gemm_find(backend), n_digit, n_column);
    double seconds = seconds_of(score_tile, stage);
    *plan = stage->plan;
    stage_destroy(stage);
    return seconds;
}

/* Two lengths of contraction tell products from all else that a term takes. */
static void measure_scores(const char *backend, struct calibration *calibration)
{
    struct influence_plan small, large;
    double brief = measure_tile(backend, 2, SHORT, &small), full = measure_tile(backend, 2, LONG, &large);
    calibration->digit_products = (large.digit_products - small.digit_products) / positive(full - brief);
    for (int d = 1; d <= CALIBRATION_DIGITS; d++) {
        double seconds = measure_tile(backend, d, SHORT, &small);
        double products = small.digit_products / calibration->digit_products;
        calibration->score_terms[d - 1] = small.score_terms / positive(seconds - products);
    }
}

/* The lists are full of the tile's best after some goes; from then on nearly nothing enters them, as in a long job. */
static void measure_tallies(const char *backend, struct calibration *calibration)
{
    enum { WARM_UP = 8 };
    struct stage *stage = stage_create(gemm_find(backend), 2, SHORT);
    score_tile(stage);
    for (int i = 0; i < WARM_UP; i++)
        tally_tile(stage);
    calibration->tallies = stage_tallies(stage) / seconds_of(tally_tile, stage);
    stage_destroy(stage);
}

/* ---- kept entries ---------------------------------------------------------------------------------------------- */

enum { KEPT_QUERIES = 64, KEPT_TOP = 100, KEPT_EXAMPLES = 4000, KEPT_PARTS = 4 };

static void keep_entries(void *what)
{
    struct top top;
    const double part[KEPT_PARTS] = {1, 2, 3, 4};
    uint32_t state = 1;
    int64_t *n = what;
    *n = 0;
    top_init(&top, PROPONENTS, KEPT_QUERIES, KEPT_TOP, KEPT_PARTS);
    for (int64_t i = 0; i < KEPT_EXAMPLES; i++)
        for (int64_t j = 0; j < KEPT_QUERIES; j++) {
            double score = stage_random(&state);
            if (top_wants(&top, j, score, i)) {
                top_offer(&top, j, score, i, part);
                ++*n;
            }
        }
    top_clear(&top);
}

static void measure_kept(struct calibration *calibration)
{
    int64_t n = 0;
    double seconds = seconds_of(keep_entries, &n);
    calibration->kept = (double)n / seconds;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

enum { READ_ROWS = 2048, READ_COLUMNS = 1024 };

struct reading {
    struct capture capture;
    struct study study;
    struct gradients gradients;
    struct reading_room room;
    char *raw;
    enum status status;
};

static void read_block(void *what)
{
    struct reading *reading = what;
    struct segment_list segments;
    segments_init(&segments);
    enum status status = gradients_read(&reading->gradients, 0, READ_ROWS, &reading->room, &segments);
    segments_clear(&segments);
    reading->status = reading->status == STATUS_OK ? status : reading->status;
}

static void read_bytes(void *what)
{
    struct reading *reading = what;
    enum status status =
        tensor_read(reading->capture.side[TRAIN_SIDE].factor[FACTOR_GRADIENT], 0, READ_ROWS, reading->raw, NULL);
    reading->status = reading->status == STATUS_OK ? status : reading->status;
}

/* A matrix of floats as numpy writes it. */
static enum status write_npy(const char *path)
{
    enum { HEADER = 128 };
    struct text text;
    text_init(&text);
    text_add_bytes(&text, "\x93NUMPY\x01\x00\x76\x00", 10);
    text_add(&text, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", READ_ROWS, READ_COLUMNS);
    text_add(&text, "%*s\n", HEADER - 1 - (int)text.length, "");
    uint32_t state = 1;
    for (int64_t i = 0; i < (int64_t)READ_ROWS * READ_COLUMNS; i++) {
        float value = (float)stage_random(&state);
        text_add_bytes(&text, &value, sizeof value);
    }
    enum status status = file_store(path, text.bytes, text.length, 0600);
    text_clear(&text);
    return status;
}

/* Reading a block of gradient rows, less reading and hashing its bytes. */
static enum status measure_digits(const char *directory, struct calibration *calibration)
{
    struct influence_config config = {.capture_kind = CAPTURE_ROWS,
                                      .n_digit = 2,
                                      .train = {.gradient = (char *)"rows.npy"},
                                      .query = {.gradient = (char *)"rows.npy"}};
    struct reading *reading = memory_allocate(1, sizeof *reading);
    reading->raw = memory_allocate_raw(READ_ROWS, READ_COLUMNS * sizeof(float));
    char *path = path_join(directory, "rows.npy");
    enum status status = write_npy(path);
    if (status == STATUS_OK)
        status = capture_open(directory, &config, "", "", &reading->capture);
    if (status == STATUS_OK) {
        reading->study = (struct study){.config = &config, .n_used = 1, .n_layer = 1, .captures = &reading->capture};
        gradients_init(&reading->study, TRAIN_SIDE, 0, 1, READ_ROWS, &reading->gradients);
        double n = (double)READ_ROWS * READ_COLUMNS, all = seconds_of(read_block, reading);
        double raw = seconds_of(read_bytes, reading);
        calibration->digit_values = n / (all > 1.05 * raw ? all - raw : 0.05 * all);
        status = reading->status;
        gradients_clear(&reading->gradients);
        capture_close(&reading->capture);
    }
    unlink(path);
    memory_free(path);
    reading_room_clear(&reading->room);
    memory_free(reading->raw);
    memory_free(reading);
    return status;
}

/* ---- records --------------------------------------------------------------------------------------------------- */

enum { LINES = 20000 };

struct survey_of_lines {
    const char *directory;
    enum status status;
};

static void survey_lines(void *what)
{
    struct survey_of_lines *survey = what;
    struct samples samples;
    const struct samples_config config = {
        .file = (char *)"samples.jsonl", .id = (char *)"id", .split = (char *)"split", .train = (char *)"train"};
    survey->status = samples_open(MPI_COMM_NULL, survey->directory, &config, 64 << 20, &samples, NULL);
    if (survey->status == STATUS_OK)
        samples_clear(&samples);
}

static enum status measure_records(const char *directory, struct calibration *calibration)
{
    struct survey_of_lines survey = {directory, STATUS_OK};
    char *path = path_join(directory, "samples.jsonl");
    struct text text;
    text_init(&text);
    for (int i = 0; i < LINES; i++)
        text_add(&text,
                 "{\"id\": \"sample-%07d\", \"sha256\": \"%064d\", \"split\": \"train\", \"policy\": \"web\", "
                 "\"license\": \"CC-BY-4.0\", \"source\": \"archive\"}\n",
                 i, i);
    enum status status = file_store(path, text.bytes, text.length, 0600);
    text_clear(&text);
    if (status == STATUS_OK) {
        calibration->record_lines = LINES / seconds_of(survey_lines, &survey);
        status = survey.status;
    }
    unlink(path);
    memory_free(path);
    return status;
}

static enum status measure_below(const char *directory, struct calibration *calibration)
{
    char *path = path_join(directory, "assay-calibration-XXXXXX");
    enum status status = mkdtemp(path) != NULL ? measure_digits(path, calibration)
                                               : fail(CANNOT_WRITE, "%s: a temporary folder cannot be made there: %s",
                                                      directory, strerror(errno));
    if (status == STATUS_OK)
        status = measure_records(path, calibration);
    rmdir(path);
    memory_free(path);
    return status;
}

enum status influence_measure(const char *directory, const char *backend, struct calibration *calibration)
{
    if (gemm_find(backend) == NULL)
        return fail(BAD_CONFIG, "--backend: expected auto, onednn or blas, found \"%s\"", backend);
    snprintf(calibration->backend, sizeof calibration->backend, "%s", gemm_find(backend)->name);
    gemm_use_threads(1); /* rates are of one core */
    measure_scores(backend, calibration);
    measure_tallies(backend, calibration);
    measure_kept(calibration);
    return measure_below(directory, calibration);
}
