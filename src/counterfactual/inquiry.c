#include "counterfactual/inquiry.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "counterfactual/inquiry_tensors.h"
#include "records/survey.h"

#define RECORD_LIMIT (INT64_C(1) << 28)

enum { MASK_ROWS = 8 }; /* of subsets, each as wide as the training data */

/* ---- records ---------------------------------------------------------------------------------------------------- */

static void begin(const struct inquiry_request *request, struct inquiry *inquiry)
{
    const struct counterfactual_config *config = request->counterfactual;
    *inquiry = (struct inquiry){.request = request, .config = config, .samples_config = *request->samples};
    const struct strings *keys = &request->samples->group_by;
    inquiry->n_group_column = keys->n;
    inquiry->group_keys = memory_allocate(keys->n + 1, sizeof *inquiry->group_keys);
    for (int64_t i = 0; i < keys->n; i++)
        inquiry->group_keys[i] = keys->items[i];
    if (config->ridge.key != NULL)
        inquiry->group_keys[keys->n] = config->ridge.key;
    inquiry->samples_config.group_by =
        (struct strings){inquiry->group_keys, keys->n + (config->ridge.key != NULL ? 1 : 0)};
    inquiry->n_tensor = N_INQUIRY_TENSORS + to_int(config->truth.scores.n);
    inquiry->tensors = memory_allocate(inquiry->n_tensor, sizeof *inquiry->tensors);
    segments_init(&inquiry->segments);
}

/* A key that no sample has is a slip of the pen. */
static enum status check_keys(const struct inquiry *inquiry)
{
    for (int64_t c = 0; c < inquiry->samples.n_column; c++) {
        const struct group_column *column = &inquiry->samples.columns[c];
        if (column->n_value == 1 && column->values[0][0] == 0)
            return fail(BAD_CONFIG,
                        "%s: expected a key of the samples file, found \"%s\", which no training sample has",
                        c < inquiry->n_group_column ? "samples.group_by" : "counterfactual.ridge.key", column->name);
    }
    if (inquiry->samples.n < 2)
        return fail(BAD_INPUT, "%s: expected at least 2 training samples, found %lld", inquiry->samples_config.file,
                    (long long)inquiry->samples.n);
    return STATUS_OK;
}

/* The checkpoint that {checkpoint} stands for: the one named, which must be there, or the last. */
static enum status find_checkpoint(struct inquiry *inquiry, const char *bytes, size_t n)
{
    struct checkpoints all;
    const char *wanted = inquiry->config->checkpoint;
    enum status status = checkpoints_parse(inquiry->request->checkpoints, bytes, n, &all);
    if (status != STATUS_OK)
        return status;
    int64_t found = wanted == NULL ? all.n - 1 : -1;
    for (int64_t i = 0; i < all.n && found < 0; i++)
        if (strcmp(all.items[i].name, wanted) == 0)
            found = i;
    if (found >= 0)
        inquiry->checkpoint = memory_copy_text(all.items[found].name);
    else
        status = fail(BAD_CONFIG, "counterfactual.checkpoint: expected the name of a checkpoint of %s, found \"%s\"",
                      inquiry->request->checkpoints->file, wanted ? wanted : "");
    checkpoints_clear(&all);
    return status;
}

/* A record file on every rank; without MPI (MPI_COMM_NULL) read as it is. */
static enum status load_record(MPI_Comm comm, struct inquiry *inquiry, const char *file, char **bytes, size_t *n)
{
    const char *directory = inquiry->request->directory;
    if (comm != MPI_COMM_NULL)
        return share_file(comm, directory, file, RECORD_LIMIT, bytes, n, &inquiry->segments);
    char *path = path_join(directory, file);
    enum status status = file_load(path, RECORD_LIMIT, bytes, n);
    if (status != STATUS_OK)
        *bytes = NULL;
    memory_free(path);
    return status;
}

static enum status agreed(MPI_Comm comm, enum status status)
{
    return comm != MPI_COMM_NULL ? agree(comm, status) : status;
}

/* Every rank parses the same bytes of the short files and so reaches the same verdict. */
static enum status open_records(MPI_Comm comm, struct inquiry *inquiry)
{
    const struct inquiry_request *request = inquiry->request;
    struct segment_list *segments = comm != MPI_COMM_NULL ? &inquiry->segments : NULL;
    char *bytes = NULL;
    size_t n;
    enum status status = samples_open(comm, request->directory, &inquiry->samples_config, inquiry->config->memory,
                                      &inquiry->samples, segments);
    if (status == STATUS_OK)
        status = agreed(comm, check_keys(inquiry));
    if (status == STATUS_OK)
        status = load_record(comm, inquiry, inquiry->config->queries, &bytes, &n);
    if (status == STATUS_OK)
        status = agreed(comm, queries_parse(inquiry->config->queries, bytes, n, &inquiry->queries));
    memory_free(bytes);
    bytes = NULL;
    if (status == STATUS_OK && inquiry->queries.n == 0)
        status = fail(BAD_INPUT, "%s: expected at least one query, found none", inquiry->config->queries);
    if (status == STATUS_OK && request->checkpoints != NULL)
        status = load_record(comm, inquiry, request->checkpoints->file, &bytes, &n);
    if (status == STATUS_OK && request->checkpoints != NULL)
        status = agreed(comm, find_checkpoint(inquiry, bytes, n));
    memory_free(bytes);
    if (status == STATUS_OK && inquiry->config->scenarios != NULL)
        status =
            load_record(comm, inquiry, inquiry->config->scenarios, &inquiry->scenarios, &inquiry->scenarios_length);
    return status;
}

enum status inquiry_open(MPI_Comm comm, const struct inquiry_request *request, struct inquiry *inquiry)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    begin(request, inquiry);
    enum status status = open_records(comm, inquiry);
    if (status == STATUS_OK)
        status = agree(comm, inquiry_open_tensors(inquiry));
    if (rank != 0)
        segments_clear(&inquiry->segments);
    if (status != STATUS_OK)
        inquiry_close(inquiry);
    return status;
}

void inquiry_close(struct inquiry *inquiry)
{
    for (int i = 0; i < inquiry->n_tensor; i++)
        tensor_close(inquiry->tensors[i]);
    memory_free(inquiry->tensors);
    memory_free(inquiry->scenarios);
    memory_free(inquiry->checkpoint);
    queries_clear(&inquiry->queries);
    samples_clear(&inquiry->samples);
    memory_free(inquiry->group_keys);
    segments_clear(&inquiry->segments);
    *inquiry = (struct inquiry){0};
}

bool inquiry_open_local(const struct inquiry_request *request, struct inquiry *inquiry, struct text *problems)
{
    size_t before = problems->length;
    begin(request, inquiry);
    if (open_records(MPI_COMM_NULL, inquiry) == STATUS_OK)
        inquiry_check_tensors(inquiry, problems);
    else
        text_add(problems, "%s\n", failure_sentence());
    if (problems->length == before)
        return true;
    inquiry_close(inquiry);
    return false;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

int64_t inquiry_block_rows(const struct inquiry *inquiry, int which)
{
    bool mask = which == TRUTH_SUBSETS || which == TRUTH_LEAVE_ONE_OUT || which == TRUTH_GROUPS;
    return mask ? MASK_ROWS : inquiry->config->block_rows;
}

int64_t inquiry_blocks(const struct inquiry *inquiry, int which)
{
    int64_t rows = inquiry_block_rows(inquiry, which);
    return (tensor_rows(inquiry->tensors[which]) + rows - 1) / rows;
}

int64_t inquiry_rows_of(const struct inquiry *inquiry, int which, int64_t b)
{
    int64_t rows = inquiry_block_rows(inquiry, which), left = tensor_rows(inquiry->tensors[which]) - b * rows;
    return left < rows ? left : rows;
}

enum status inquiry_read(struct inquiry *inquiry, int which, int64_t b, bool list, double *values)
{
    struct tensor *tensor = inquiry->tensors[which];
    int64_t n = inquiry_rows_of(inquiry, which, b), first = b * inquiry_block_rows(inquiry, which);
    void *raw = memory_allocate_raw(n * tensor_columns(tensor), tensor_type_size(tensor_type(tensor)));
    enum status status = tensor_read(tensor, first, n, raw, list ? &inquiry->segments : NULL);
    if (status == STATUS_OK)
        status = tensor_to_double(tensor, first, n, raw, values);
    memory_free(raw);
    return status;
}

static enum status load_all(struct inquiry *inquiry, int which, double *values)
{
    int64_t width = tensor_columns(inquiry->tensors[which]), step = inquiry_block_rows(inquiry, which);
    enum status status = STATUS_OK;
    for (int64_t b = 0; b < inquiry_blocks(inquiry, which) && status == STATUS_OK; b++)
        status = inquiry_read(inquiry, which, b, true, values + b * step * width);
    return status;
}

enum status inquiry_load(MPI_Comm comm, struct inquiry *inquiry, int which, double **values)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    const struct tensor *tensor = inquiry->tensors[which];
    int64_t n = tensor_rows(tensor) * tensor_columns(tensor);
    double *all = rank == 0 ? memory_allocate(n, sizeof *all) : NULL;
    enum status status = agree_from(comm, 0, rank == 0 ? load_all(inquiry, which, all) : STATUS_OK);
    char *bytes = (char *)all;
    size_t length = (size_t)n * sizeof *all;
    if (status != STATUS_OK)
        memory_free(all);
    else {
        share_bytes(comm, &bytes, &length);
        *values = (double *)(void *)bytes; /* memory_allocate aligns to 64 */
    }
    return status;
}

/* ---- what is committed ------------------------------------------------------------------------------------------ */

static bool is_listed(const struct segment_list *list, const char *path)
{
    for (int64_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].path, path) == 0)
            return true;
    return false;
}

static enum status list_rest(const struct inquiry *inquiry, struct segment_list *rest)
{
    const struct inquiry_request *request = inquiry->request;
    struct tensor **open = memory_allocate(inquiry->n_tensor, sizeof *open);
    int n = 0;
    for (int i = 0; i < inquiry->n_tensor; i++)
        if (inquiry->tensors[i] != NULL)
            open[n++] = inquiry->tensors[i];
    enum status status = tensor_gaps(open, n, rest);
    memory_free(open);
    for (int64_t i = 0; i < request->also->n && status == STATUS_OK; i++)
        if (!is_listed(rest, request->also->items[i]))
            status = segments_add_file(rest, request->directory, request->also->items[i]);
    return status;
}

enum status inquiry_list(const struct inquiry *inquiry, struct segment_list *list)
{
    enum status status = list_rest(inquiry, list);
    for (int i = 0; i < inquiry->n_tensor && status == STATUS_OK; i++)
        for (int64_t b = 0; inquiry->tensors[i] != NULL && b < inquiry_blocks(inquiry, i); b++)
            tensor_list(inquiry->tensors[i], b * inquiry_block_rows(inquiry, i), inquiry_rows_of(inquiry, i, b), list);
    return status;
}

enum status inquiry_hash_rest(MPI_Comm comm, struct inquiry *inquiry)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    struct segment_list rest;
    segments_init(&rest);
    enum status status = list_rest(inquiry, &rest);
    for (int64_t i = rank; i < rest.n && status == STATUS_OK; i += size) {
        status = stop_requested() ? fail(STOPPED, "counterfactual: stopped on request while inputs were hashed; run "
                                                  "the same command again")
                                  : segment_hash(inquiry->request->directory, &rest.items[i]);
        if (status == STATUS_OK)
            segments_add(&inquiry->segments, &rest.items[i]);
    }
    segments_clear(&rest);
    return agree(comm, status);
}
