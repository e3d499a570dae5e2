#include "influence/study.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "influence/study_plan.h"

static const int64_t record_limit = STUDY_RECORD_LIMIT;

/* Group keys name datasets, and a key that no sample has is a slip of the pen, not a group. */
static enum status check_group_keys(const struct samples *samples)
{
    for (int64_t c = 0; c < samples->n_column; c++) {
        const struct group_column *column = &samples->columns[c];
        if (column->n_value == 1 && column->values[0][0] == 0)
            return fail(BAD_CONFIG,
                        "samples.group_by: expected keys of the samples file, found \"%s\", which no training "
                        "sample has",
                        column->name);
        if (strchr(samples->columns[c].name, '/') != NULL || strcmp(samples->columns[c].name, ".") == 0)
            return fail(BAD_CONFIG,
                        "samples.group_by: expected keys without \"/\", which become names of datasets, found \"%s\"",
                        samples->columns[c].name);
    }
    return STATUS_OK;
}

static enum status find_used(struct study *study)
{
    const struct checkpoints *all = &study->checkpoints;
    study->used = memory_allocate(all->n, sizeof *study->used);
    study->n_used = 0;
    const char *wanted = study->config->checkpoint;
    for (int i = 0; i < all->n; i++) {
        if (!all->items[i].selected)
            continue;
        if (study->method->all_checkpoints || wanted == NULL || strcmp(wanted, all->items[i].name) == 0)
            study->used[study->n_used++] = i;
    }
    if (study->method->all_checkpoints && wanted != NULL)
        return fail(BAD_CONFIG,
                    "influence.checkpoint: method %s uses every selected checkpoint: leave this key out, or "
                    "select by checkpoints.select",
                    study->method->name);
    if (study->n_used == 0)
        return fail(BAD_CONFIG, "influence.checkpoint: expected the name of a selected checkpoint, found \"%s\"",
                    wanted);
    if (!study->method->all_checkpoints) {
        study->used[0] = study->used[study->n_used - 1];
        study->n_used = 1;
    }
    return STATUS_OK;
}

static enum status share_record(MPI_Comm comm, const struct study_request *request, const char *file,
                                struct study *study, char **bytes, size_t *n)
{
    return share_file(comm, request->directory, file, record_limit, bytes, n, &study->segments);
}

/* Every rank parses the same bytes of the short files and so reaches the same verdict. */
static enum status open_records(MPI_Comm comm, const struct study_request *request, struct study *study)
{
    char *bytes = NULL;
    size_t n;
    enum status status = samples_open(comm, request->directory, request->samples, request->influence->memory,
                                      &study->samples, &study->segments);
    if (status == STATUS_OK)
        status = share_record(comm, request, request->influence->queries, study, &bytes, &n);
    if (status == STATUS_OK)
        status = queries_parse(request->influence->queries, bytes, n, &study->queries);
    memory_free(bytes);
    bytes = NULL;
    if (status == STATUS_OK)
        status = share_record(comm, request, request->checkpoints->file, study, &bytes, &n);
    if (status == STATUS_OK)
        status = checkpoints_parse(request->checkpoints, bytes, n, &study->checkpoints);
    memory_free(bytes);
    if (status == STATUS_OK)
        status = check_group_keys(&study->samples);
    return status == STATUS_OK ? find_used(study) : status;
}

static enum status open_capture(struct study *study, int k, int l)
{
    struct capture *capture = &study->captures[k * study->n_layer + l];
    enum status status = capture_open(study->directory, study->config, study->checkpoints.items[study->used[k]].name,
                                      study->config->layers.items[l], capture);
    return status == STATUS_OK ? capture_check_rows(capture, study->samples.n, study->queries.n) : status;
}

static void describe_rule(const struct checkpoints_config *config, struct study *study)
{
    if (config->rule == SELECT_ALL)
        snprintf(study->rule, sizeof study->rule, "all candidates");
    else if (config->rule == SELECT_NAMES)
        snprintf(study->rule, sizeof study->rule, "the candidates that the config names");
    else
        snprintf(study->rule, sizeof study->rule,
                 "validation-improvement: kept when the validation loss fell by at least %.17g of the last kept one's; "
                 "always the first and the last",
                 config->threshold);
}

static void begin(const struct study_request *request, struct study *study)
{
    *study = (struct study){.config = request->influence,
                            .directory = request->directory,
                            .method = &influence_methods[request->influence->method],
                            .n_layer = to_int(request->influence->layers.n)};
    describe_rule(request->checkpoints, study);
    segments_init(&study->segments);
}

enum status study_open(MPI_Comm comm, const struct study_request *request, struct study *study)
{
    begin(request, study);
    enum status status = agree(comm, open_records(comm, request, study));
    if (status == STATUS_OK) {
        study->captures = memory_allocate((int64_t)study->n_used * study->n_layer, sizeof *study->captures);
        for (int i = 0; i < study->n_used * study->n_layer && status == STATUS_OK; i++)
            status = open_capture(study, i / study->n_layer, i % study->n_layer);
        status = agree(comm, status);
    }
    if (status != STATUS_OK)
        study_close(study);
    return status;
}

void study_close(struct study *study)
{
    for (int i = 0; study->captures != NULL && i < study->n_used * study->n_layer; i++)
        capture_close(&study->captures[i]);
    memory_free(study->captures);
    memory_free(study->used);
    samples_clear(&study->samples);
    queries_clear(&study->queries);
    checkpoints_clear(&study->checkpoints);
    segments_clear(&study->segments);
    *study = (struct study){0};
}

bool study_reads_hdf5(const struct study *study)
{
    for (int i = 0; i < study->n_used * study->n_layer; i++) {
        struct tensor *list[MAX_FACTORS + 1];
        int n = capture_tensors(&study->captures[i].side[TRAIN_SIDE], list);
        for (int t = 0; t < n; t++)
            if (tensor_is_hdf5(list[t]))
                return true;
    }
    return false;
}

double study_weight(const struct study *study, int k)
{
    return study->method->learning_rate ? study->checkpoints.items[study->used[k]].learning_rate : 1;
}

/* ---- the bytes that no capture row covers ---------------------------------------------------------------------- */

static bool is_listed(const struct segment_list *list, const char *path)
{
    for (int64_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].path, path) == 0)
            return true;
    return false;
}

/* A whole file as unhashed raw segments, unless it is listed already. */
static enum status list_file(const char *directory, const char *name, struct segment_list *rest)
{
    return is_listed(rest, name) ? STATUS_OK : segments_add_file(rest, directory, name);
}

enum status study_list_rest(const struct study_request *request, const struct study *study, struct segment_list *rest)
{
    int n_capture = study->n_used * study->n_layer, n = 0;
    struct tensor **tensors = memory_allocate(n_capture * N_CAPTURE_SIDES * (MAX_FACTORS + 1), sizeof *tensors);
    for (int i = 0; i < n_capture; i++)
        for (int side = 0; side < N_CAPTURE_SIDES; side++)
            n += capture_tensors(&study->captures[i].side[side], tensors + n);
    enum status status = tensor_gaps(tensors, n, rest);
    memory_free(tensors);
    char *beside = path_directory(request->checkpoints->file); /* where the records name their files from */
    for (int64_t i = 0; i < study->checkpoints.n && status == STATUS_OK; i++)
        if (study->checkpoints.items[i].file != NULL) {
            char *name = path_join(beside, study->checkpoints.items[i].file);
            status = list_file(request->directory, name, rest);
            memory_free(name);
        }
    memory_free(beside);
    for (int64_t i = 0; i < request->also->n && status == STATUS_OK; i++)
        status = list_file(request->directory, request->also->items[i], rest);
    return status;
}

enum status study_hash_rest(MPI_Comm comm, const struct study_request *request, struct study *study)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    struct segment_list rest;
    segments_init(&rest);
    enum status status = study_list_rest(request, study, &rest);
    for (int64_t i = rank; i < rest.n && status == STATUS_OK; i += size) {
        if (stop_requested())
            status =
                fail(STOPPED, "influence: stopped on request while inputs were hashed; run the same command again");
        else
            status = segment_hash(request->directory, &rest.items[i]);
        if (status == STATUS_OK)
            segments_add(&study->segments, &rest.items[i]);
    }
    segments_clear(&rest);
    return agree(comm, status);
}

/* ---- preflight ------------------------------------------------------------------------------------------------- */

static bool note(struct text *problems, enum status status)
{
    if (status != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
    return status == STATUS_OK;
}

static bool load_record(const struct study_request *request, const char *file, struct text *problems, char **bytes,
                        size_t *n)
{
    char *path = path_join(request->directory, file);
    bool loaded = note(problems, file_load(path, record_limit, bytes, n));
    memory_free(path);
    return loaded;
}

static bool check_records(const struct study_request *request, struct text *problems, struct study *study)
{
    char *bytes;
    size_t n;
    bool good = note(problems, samples_open(MPI_COMM_NULL, request->directory, request->samples,
                                            request->influence->memory, &study->samples, NULL));
    bool loaded = load_record(request, request->influence->queries, problems, &bytes, &n);
    good &= loaded && note(problems, queries_parse(request->influence->queries, bytes, n, &study->queries));
    if (loaded)
        memory_free(bytes);
    loaded = load_record(request, request->checkpoints->file, problems, &bytes, &n);
    good &= loaded && note(problems, checkpoints_parse(request->checkpoints, bytes, n, &study->checkpoints));
    if (loaded)
        memory_free(bytes);
    good = good && note(problems, check_group_keys(&study->samples));
    return good && note(problems, find_used(study));
}

bool study_open_local(const struct study_request *request, struct study *study, struct text *problems)
{
    begin(request, study);
    bool good = check_records(request, problems, study);
    if (good) {
        study->captures = memory_allocate((int64_t)study->n_used * study->n_layer, sizeof *study->captures);
        for (int i = 0; i < study->n_used * study->n_layer; i++)
            good &= note(problems, open_capture(study, i / study->n_layer, i % study->n_layer));
    }
    if (!good)
        study_close(study);
    return good;
}

void study_check(const struct study_request *request, struct text *problems)
{
    struct study study;
    if (!study_open_local(request, &study, problems))
        return;
    struct influence_plan plan;
    note(problems, study_plan(&study, 1, &plan)); /* does it fit? */
    struct segment_list rest;
    segments_init(&rest);
    note(problems, study_list_rest(request, &study, &rest));
    segments_clear(&rest);
    study_close(&study);
}
