#include "lineage/estimate.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "capture/recorder_read.h"
#include "lineage/inputs.h"
#include "lineage/observation.h"
#include "lineage/order.h"
#include "lineage/sample_lines.h"
#include "lineage/windows.h"
#include "records/survey.h"

/* What one step of a file is like. */
struct sample_step {
    int64_t n, n_contribution, n_detailed, bytes;
    bool has_losses, has_weights;
};

static enum status look_at_step(struct recording *recording, struct sample_step *look)
{
    struct recording_steps *steps = NULL;
    struct recorded_step step;
    bool more = false;
    *look = (struct sample_step){.n = 1, .bytes = 128};
    enum status status = recording_steps_open_at(recording, 0, &steps);
    if (status == STATUS_OK)
        status = recording_next_step(steps, &step, &more);
    if (status == STATUS_OK && more) {
        look->n = step.n > 0 ? step.n : 1;
        look->has_losses = step.losses != NULL;
        look->has_weights = step.weights != NULL;
        look->bytes = 64 + look->n * (8 + 4 * look->has_losses + 4 * look->has_weights);
        struct recorded_contribution contribution;
        while (status == STATUS_OK &&
               (status = recording_next_contribution(steps, &contribution, &more)) == STATUS_OK && more) {
            look->n_contribution++;
            look->n_detailed += contribution.shares != NULL || contribution.norms != NULL;
        }
        look->bytes += 64 * look->n_contribution + 12 * look->n * look->n_detailed;
    }
    recording_steps_close(steps);
    return status;
}

/* Steps and uses of the sessions that were closed. */
static enum status count_closed(struct recording *recording, int64_t *n_closed, int64_t *n_step, int64_t *n_use)
{
    enum { SESSION, TIME, STEPS, USES };
    struct recording_rows *rows = NULL;
    bool more = true;
    *n_closed = *n_step = *n_use = 0;
    enum status status = recording_rows_open(recording, TABLE_CLOSING, &rows);
    while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more) {
        *n_closed += 1;
        *n_step += recording_integer(rows, STEPS);
        *n_use += recording_integer(rows, USES);
    }
    recording_rows_close(rows);
    return status;
}

static enum status add_observed(struct recording *recording, struct lineage_shape *shape)
{
    enum status status = STATUS_OK;
    for (int kind = 0; kind < N_OBSERVED && status == STATUS_OK; kind++) {
        struct recording_extent extent = {0};
        status = recording_extent(recording, observation_classes[kind].table, &extent);
        struct event_note largest = {.n = extent.most};
        shape->n_event += extent.n_row;
        shape->n_observed += extent.n_sample;
        shape->largest_step =
            shape->largest_step > observation_bytes(&largest) ? shape->largest_step : observation_bytes(&largest);
    }
    return status;
}

static enum status add_recorder(const char *path, double bytes, struct lineage_estimate *estimate)
{
    struct recording *recording;
    struct sample_step look;
    int64_t n_closed = 0, n_step = 0, n_use = 0;
    enum status status = recording_open(path, &recording);
    if (status != STATUS_OK)
        return status;
    const struct recording_info *info = recording_info(recording);
    status = look_at_step(recording, &look);
    if (status == STATUS_OK)
        status = count_closed(recording, &n_closed, &n_step, &n_use);
    if (status == STATUS_OK)
        status = add_observed(recording, &estimate->shape);
    if (status == STATUS_OK && n_closed < info->n_session) {
        int64_t guess = (int64_t)(bytes / (double)look.bytes);
        estimate->guessed = true;
        n_step = guess > n_step ? guess : n_step;
        n_use = n_step * look.n > n_use ? n_step * look.n : n_use;
    }
    struct lineage_shape *shape = &estimate->shape;
    shape->n_step += n_step;
    shape->n_use += n_use;
    shape->n_group = info->n_group > shape->n_group ? info->n_group : shape->n_group;
    shape->n_detail += n_use * look.n_detailed;
    shape->has_losses = shape->has_losses || look.has_losses;
    shape->has_weights = shape->has_weights || look.has_weights;
    shape->largest_step += 128 * (1 + look.n_contribution) + look.n * (64 + 64 * look.n_detailed);
    estimate->guessed = estimate->guessed || look.n_contribution > 0;
    recording_close(recording);
    return status;
}

static enum status add_recorders(const struct lineage_request *request, struct lineage_estimate *estimate)
{
    struct record_files files;
    enum status status = record_files_find_local(request, &files);
    if (status != STATUS_OK)
        return status;
    estimate->n_recorder = files.n;
    for (int64_t i = 0; i < files.n && status == STATUS_OK; i++) {
        char *path = path_join(request->directory, files.items[i]);
        double bytes = (double)files.marks[i].bytes + fmax(0, (double)files.logs[i].bytes);
        estimate->input_bytes += bytes;
        estimate->n_segment += ceil(fmax(1, bytes / SEGMENT_LIMIT)) + (files.logs[i].bytes >= 0);
        status = add_recorder(path, bytes, estimate);
        memory_free(path);
    }
    record_files_clear(&files);
    return status;
}

static enum status add_order(const struct lineage_request *request, struct lineage_estimate *estimate)
{
    struct order order;
    enum status status = order_open(request->directory, request->lineage->order, &order);
    if (status != STATUS_OK)
        return status;
    estimate->input_bytes += 8.0 * (double)order.n_step * (double)order.width;
    estimate->n_segment += ceil((double)order.n_step / ORDER_ROWS) + 1;
    if (estimate->n_recorder == 0) {
        estimate->shape.n_step = order.n_step;
        estimate->shape.n_use = order.n_step * order.width;
        estimate->shape.largest_step = 128 + 64 * order.width;
    }
    order_close(&order);
    return STATUS_OK;
}

/* The caller clears `lines`, even after a failure. */
static enum status open_lines(const struct lineage_request *request, struct sample_lines *lines)
{
    sample_lines_init(request->samples, lines);
    return samples_open(MPI_COMM_NULL, request->directory, &lines->open, request->lineage->memory / 2, &lines->samples,
                        NULL);
}

static enum status add_samples(const struct lineage_request *request, struct lineage_estimate *estimate)
{
    struct sample_lines lines;
    enum status status = open_lines(request, &lines);
    if (status == STATUS_OK) {
        struct lineage_shape *shape = &estimate->shape;
        shape->n_sample = lines.samples.n_record;
        shape->id_bytes = lines.samples.id_bytes;
        shape->reader_bytes = 2 * lines.samples.pieces.piece_bytes;
        shape->n_column = lines.open.group_by.n;
        /* One decision on each sample, if recorders have any. */
        shape->n_event_use = estimate->n_recorder > 0 ? shape->n_sample : 0;
        estimate->n_segment += (double)lines.samples.pieces.n_segment;
    }
    sample_lines_clear(&lines);
    return status;
}

enum status lineage_estimate_make(const struct lineage_request *request, int64_t n_rank,
                                  struct lineage_estimate *estimate)
{
    *estimate = (struct lineage_estimate){.shape = {.n_rank = n_rank, .memory = request->lineage->memory}};
    enum status status = add_recorders(request, estimate);
    if (status == STATUS_OK && request->lineage->order != NULL)
        status = add_order(request, estimate);
    return status == STATUS_OK ? add_samples(request, estimate) : status;
}

/* ---- what is wrong ----------------------------------------------------------------------------------------------- */

static void note_problem(enum status status, struct text *problems)
{
    if (status != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
}

/* A recorder that counts lines of this samples file has its SHA-256. */
static enum status check_recorder(const char *path, const char *name, const char *samples_file, const char *sha256)
{
    struct recording *recording;
    enum status status = recording_open(path, &recording);
    if (status != STATUS_OK)
        return status;
    const char *recorded = recording_info(recording)->samples_sha256;
    if (sha256[0] && recorded != NULL && strcmp(recorded, sha256) != 0)
        status = fail(BAD_INPUT,
                      "%s: expected the recorder to count lines of %s, whose SHA-256 is %.16s…, found that it counts "
                      "lines of a file of SHA-256 %.16s…",
                      name, samples_file, sha256, recorded);
    recording_close(recording);
    return status;
}

static void check_policies(const struct lineage_request *request, struct text *problems)
{
    struct policies *policies = NULL;
    if (request->lineage->policies == NULL)
        return;
    note_problem(policies_open(MPI_COMM_NULL, request->directory, request->lineage->policies, NULL, &policies),
                 problems);
    policies_close(policies);
}

void lineage_check(const struct lineage_request *request, struct text *problems)
{
    struct lineage_estimate estimate = {.shape = {.n_rank = 1, .memory = request->lineage->memory}};
    struct record_files files;
    struct sample_lines lines;
    char sha256[2 * DIGEST_BYTES + 1] = "";
    enum status opened = open_lines(request, &lines);
    if (opened == STATUS_OK)
        opened = sample_lines_check(&lines);
    if (opened == STATUS_OK)
        opened = sample_lines_hash(&lines, sha256);
    note_problem(opened, problems);
    sample_lines_clear(&lines);
    enum status status = record_files_find_local(request, &files);
    note_problem(status, problems);
    for (int64_t i = 0; status == STATUS_OK && i < files.n; i++) {
        char *path = path_join(request->directory, files.items[i]);
        note_problem(add_recorder(path, 0, &estimate), problems);
        note_problem(check_recorder(path, files.items[i], request->samples->file, sha256), problems);
        memory_free(path);
    }
    if (status == STATUS_OK)
        record_files_clear(&files);
    if (request->lineage->order != NULL)
        note_problem(add_order(request, &estimate), problems);
    check_policies(request, problems);
}
