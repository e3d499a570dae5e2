#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "comm/share.h"
#include "influence/influence.h"
#include "influence/journal.h"
#include "influence/tables.h"

/* Seconds between generations of the journal.  ASSAY_JOURNAL_SECONDS overrides it: tests cannot wait a minute. */
static double journal_every(void)
{
    const char *wish = getenv("ASSAY_JOURNAL_SECONDS");
    return wish != NULL ? atof(wish) : 60;
}

/* All that one influence job holds open. */
struct job {
    MPI_Comm comm;
    int rank, size;
    const struct study_request *request;
    struct study study;
    struct influence_plan plan;
    const struct gemm_backend *backend;
    struct gradients queries;
    struct scorer *scorer;
    struct partial partial;
    struct journal journal; /* its fingerprint is set when all inputs but the blocks are read */
    struct influence_tables *tables;
    struct table *table;
    char *path; /* of influence.h5 */
    char fingerprint[65];
    int64_t *blocks; /* blocks to do, ascending; the same on every rank */
    int64_t n_todo;
};

/* ---- plan ------------------------------------------------------------------------------------------------------ */

static enum status make_plan(struct job *job)
{
    const struct study *study = &job->study;
    const struct influence_config *config = study->config;
    int n_factor = study->captures[0].n_factor;
    int64_t *columns = memory_allocate(study->n_layer * n_factor, sizeof *columns);
    struct influence_shape shape = {.n_train = study->samples.n,
                                    .n_query = study->queries.n,
                                    .n_used = study->n_used,
                                    .n_layer = study->n_layer,
                                    .n_factor = n_factor,
                                    .n_column = columns,
                                    .n_digit = config->n_digit,
                                    .block_rows = config->block_rows,
                                    .top = config->top,
                                    .memory = config->memory};
    for (int c = 0; c < study->n_used * study->n_layer; c++)
        for (int f = 0; f < n_factor; f++) {
            const struct tensor *tensor = study->captures[c].train.factor[f];
            int64_t row = tensor_columns(tensor) * (int64_t)tensor_type_size(tensor_type(tensor));
            int64_t *column = &columns[c % study->n_layer * n_factor + f];
            *column = tensor_columns(tensor) > *column ? tensor_columns(tensor) : *column;
            shape.input_row_bytes = row > shape.input_row_bytes ? row : shape.input_row_bytes;
        }
    for (int64_t c = 0; c < study->samples.n_column; c++)
        shape.n_group_value += study->samples.columns[c].n_value;
    enum status status = influence_plan_make(&shape, &job->plan);
    memory_free(columns);
    job->backend = gemm_find(config->backend);
    if (job->backend == NULL)
        status = fail(BAD_CONFIG, "influence.backend: expected auto, onednn or blas, found \"%s\"", config->backend);
    return status;
}

/* SHA-256 in hex of `head` and of what rank 0's list of segments says; the same on every rank. */
static void digest_inputs(const struct job *job, const char *head, char hex[65])
{
    struct text text;
    text_init(&text);
    text_add(&text, "%s\n", head);
    for (int64_t i = 0; i < job->study.segments.n && job->rank == 0; i++) {
        const struct segment *segment = &job->study.segments.items[i];
        char digest[65];
        hex_encode(segment->sha256, DIGEST_BYTES, digest);
        text_add(&text, "%s %s %lld %s\n", segment->path, segment->object, (long long)segment->offset, digest);
    }
    uint8_t sha256[DIGEST_BYTES];
    digest_of(text.bytes, text.length, sha256);
    MPI_Bcast(sha256, DIGEST_BYTES, MPI_BYTE, 0, job->comm);
    hex_encode(sha256, DIGEST_BYTES, hex);
    text_clear(&text);
}

/* What the job's result depends on, as far as it is known before captures are read: config, sizes, records. */
static void set_fingerprint(struct job *job, const char *config_text)
{
    struct text head;
    text_init(&head);
    text_add(&head, "%s\n%lld examples, %lld queries, %d checkpoints", config_text, (long long)job->study.samples.n,
             (long long)job->study.queries.n, job->study.n_used);
    digest_inputs(job, head.bytes, job->fingerprint);
    text_clear(&head);
}

/* ---- is there anything to do? ---------------------------------------------------------------------------------- */

static bool is_newer(const char *path, const struct stat *than)
{
    struct stat entry;
    if (stat(path, &entry) != 0)
        return true;
    return entry.st_mtim.tv_sec > than->st_mtim.tv_sec ||
           (entry.st_mtim.tv_sec == than->st_mtim.tv_sec && entry.st_mtim.tv_nsec > than->st_mtim.tv_nsec);
}

/* Like make: finished with this fingerprint, every input still of the size it had, and none newer than the table. */
static bool is_unchanged(const struct job *job)
{
    struct stat entry;
    struct table_reader *reader;
    if (stat(job->path, &entry) != 0 || table_open(job->path, &reader) != STATUS_OK)
        return false;
    const char *fingerprint = table_attribute(reader, "fingerprint");
    bool same = fingerprint != NULL && strcmp(fingerprint, job->fingerprint) == 0;
    struct segment_list inputs;
    segments_init(&inputs);
    same = same && inputs_read(reader, &inputs) == STATUS_OK;
    for (int64_t i = 0; i < inputs.n && same; i++) {
        if (i > 0 && strcmp(inputs.items[i].path, inputs.items[i - 1].path) == 0)
            continue;
        char *path = path_join(job->request->directory, inputs.items[i].path);
        same = !is_newer(path, &entry);
        memory_free(path);
    }
    segments_clear(&inputs);
    table_reader_close(reader);
    return same;
}

static int64_t rows_of_block(const struct job *job, int64_t block)
{
    int64_t left = job->plan.n_train - block * job->plan.block_rows;
    return left < job->plan.block_rows ? left : job->plan.block_rows;
}

/* ---- inputs ---------------------------------------------------------------------------------------------------- */

/* Reads the queries and every byte outside capture rows: rank 0's study then lists them all. */
static enum status read_inputs(struct job *job)
{
    enum status status = gradients_load(&job->study, false, 0, job->plan.n_query, &job->study.segments, &job->queries);
    status = agree(job->comm, status);
    if (status == STATUS_OK)
        status = study_hash_rest(job->comm, job->request, &job->study);
    return status == STATUS_OK ? share_segments(job->comm, &job->study.segments) : status;
}

/* The segments that reading the blocks will give, their digests still missing: the table is laid out before. */
static void list_blocks(const struct job *job, struct segment_list *list)
{
    for (int c = 0; c < job->study.n_used * job->study.n_layer; c++) {
        const struct capture_side *side = &job->study.captures[c].train;
        const struct tensor *tensors[] = {side->factor[FACTOR_GRADIENT], side->factor[FACTOR_INPUT], side->labels};
        for (int i = 0; i < 3; i++)
            for (int64_t first = 0; tensors[i] != NULL && first < job->plan.n_train; first += job->plan.block_rows)
                tensor_list(tensors[i], first, rows_of_block(job, first / job->plan.block_rows), list);
    }
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

static enum status do_block(struct job *job, int64_t block)
{
    int64_t first = block * job->plan.block_rows, n = rows_of_block(job, block);
    struct gradients gradients;
    enum status status = gradients_load(&job->study, true, first, n, &job->partial.segments, &gradients);
    if (status != STATUS_OK)
        return status;
    double *self = memory_allocate(n, sizeof *self);
    for (int64_t i = 0; i < n; i++)
        self[i] = gradients_self(&job->study, &gradients, i);
    status = influence_tables_write_self(job->table, first, n, self);
    memory_free(self);
    if (status == STATUS_OK)
        status = scorer_begin_block(job->scorer, &gradients);
    int exponent = 0;
    for (int64_t row = 0; row < n && status == STATUS_OK; row += job->plan.tile_rows) {
        const struct tile *tile =
            scorer_tile(job->scorer, row, n - row < job->plan.tile_rows ? n - row : job->plan.tile_rows);
        exponent = tile->exponent;
        partial_add_tile(&job->partial, &job->study, first, tile);
        if (job->study.config->keep_scores)
            status = influence_tables_write_scores(job->table, first, tile);
    }
    gradients_clear(&gradients);
    return status == STATUS_OK ? partial_end_block(&job->partial, block, exponent) : status;
}

static enum status store_progress(struct job *job)
{
    enum status status = table_flush(job->table);
    return status == STATUS_OK ? journal_store(job->comm, &job->journal, &job->partial) : status;
}

/* What all ranks do after a round, decided together: rank 0's clock is due, or any rank was asked to stop. */
enum { DUE, STOP, N_WISHES };

static void share_wishes(const struct job *job, double stored, int wishes[N_WISHES])
{
    wishes[DUE] = job->rank == 0 && clock_seconds() - stored >= journal_every();
    wishes[STOP] = stop_requested();
    MPI_Allreduce(MPI_IN_PLACE, wishes, N_WISHES, MPI_INT, MPI_MAX, job->comm);
}

static enum status stop_in_order(struct job *job, int64_t n_round_left)
{
    enum status status = store_progress(job);
    return status != STATUS_OK
               ? status
               : fail(STOPPED,
                      "influence: stopped on request with %lld rounds of blocks to go; what is done is in %s: run "
                      "the same command again to go on",
                      (long long)n_round_left, job->journal.directory);
}

/* Every rank takes every size-th block that is left to do; a rank without one joins the round with empty work. */
static enum status do_blocks(struct job *job, bool show)
{
    struct progress progress;
    int64_t n_round = (job->n_todo + job->size - 1) / job->size;
    int64_t n_row = job->n_todo * job->plan.block_rows;
    progress_begin(&progress, show && job->rank == 0, "influence", "examples", n_round,
                   n_row < job->plan.n_train ? n_row : job->plan.n_train);
    double stored = clock_seconds();
    enum status status = STATUS_OK;
    for (int64_t round = 0; round < n_round && status == STATUS_OK; round++) {
        int64_t at = round * job->size + job->rank;
        status = agree(job->comm, at < job->n_todo ? do_block(job, job->blocks[at]) : STATUS_OK);
        int wishes[N_WISHES];
        share_wishes(job, stored, wishes);
        if (status == STATUS_OK && wishes[STOP] && round + 1 < n_round) {
            status = stop_in_order(job, n_round - round - 1);
        } else if (status == STATUS_OK && wishes[DUE] && round + 1 < n_round) {
            status = store_progress(job);
            stored = clock_seconds();
        }
        progress_add(&progress, 1);
    }
    if (status == STATUS_OK)
        progress_end(&progress);
    return status;
}

static void list_todo(struct job *job, const uint8_t *done)
{
    job->blocks = memory_allocate(job->plan.n_block, sizeof *job->blocks);
    for (int64_t block = 0; block < job->plan.n_block; block++)
        if (!done[block])
            job->blocks[job->n_todo++] = block;
}

/* ---- begin and finish ------------------------------------------------------------------------------------------ */

/* Every segment that the job will have used, those of blocks without their digests.  Rank 0 alone knows them. */
static void list_inputs(const struct job *job, struct segment_list *list)
{
    for (int64_t i = 0; i < job->study.segments.n && job->rank == 0; i++)
        segments_add(list, &job->study.segments.items[i]);
    if (job->rank == 0)
        list_blocks(job, list);
}

/* Whether a journal is there to go on from.  One that is older than an input is put away: its blocks may come from
 * captures that are no more. */
static bool can_resume(struct job *job, const struct segment_list *inputs)
{
    digest_inputs(job, job->fingerprint, job->journal.fingerprint);
    if (!journal_exists(job->comm, &job->journal))
        return false;
    int current = job->rank == 0 && journal_is_newer(&job->journal, job->request->directory, inputs);
    MPI_Bcast(&current, 1, MPI_INT, 0, job->comm);
    if (!current)
        journal_remove(job->comm, &job->journal);
    return current;
}

/* Lays the table out, or opens it again when a journal says that some of it is done. */
static enum status begin_table(struct job *job)
{
    struct segment_list inputs;
    segments_init(&inputs);
    list_inputs(job, &inputs);
    job->tables = influence_tables_plan(job->comm, &job->study, &job->plan, &inputs);
    uint8_t *done = memory_allocate(job->plan.n_block, 1);
    enum status status;
    if (can_resume(job, &inputs)) {
        status = journal_load(job->comm, &job->journal, &job->partial, done);
        if (status == STATUS_OK)
            status = influence_tables_reopen(job->comm, job->path, job->tables, &job->table);
    } else {
        status = influence_tables_create(job->comm, job->path, job->tables, &job->study, job->fingerprint, &job->table);
    }
    list_todo(job, done);
    memory_free(done);
    segments_clear(&inputs);
    return status;
}

/* Brings results and input lists to rank 0, which writes them. */
static enum status write_results(struct job *job)
{
    enum status status = partial_reduce(job->comm, &job->partial);
    for (int64_t i = 0; i < job->partial.segments.n; i++)
        segments_add(&job->study.segments, &job->partial.segments.items[i]);
    if (status == STATUS_OK)
        status = share_segments(job->comm, &job->study.segments);
    if (status != STATUS_OK)
        return status;
    if (job->rank == 0) {
        status = influence_tables_write_records(job->table, &job->study);
        if (status == STATUS_OK)
            status = influence_tables_write_results(job->table, &job->study, &job->partial);
    }
    return agree_from(job->comm, 0, status);
}

/* From the opened study to the finished table. */
static enum status execute(struct job *job, bool show, struct influence_outcome *outcome)
{
    enum status status = read_inputs(job);
    if (status != STATUS_OK)
        return status;
    partial_init(&job->partial, &job->study, &job->plan);
    job->scorer = scorer_create(&job->study, &job->plan, &job->queries, job->backend);
    status = begin_table(job);
    outcome->n_resumed = job->plan.n_block - job->n_todo;
    if (status == STATUS_OK)
        status = do_blocks(job, show);
    if (status == STATUS_OK)
        status = write_results(job);
    if (job->table != NULL) {
        enum status closed = table_close(job->table, status == STATUS_OK);
        status = status == STATUS_OK ? closed : status;
    }
    if (status == STATUS_OK)
        journal_remove(job->comm, &job->journal);
    return status;
}

static void job_clear(struct job *job)
{
    influence_tables_destroy(job->tables);
    scorer_destroy(job->scorer);
    gradients_clear(&job->queries);
    partial_clear(&job->partial);
    journal_clear(&job->journal);
    memory_free(job->blocks);
    memory_free(job->path);
    study_close(&job->study);
}

enum status influence_run(MPI_Comm comm, const struct study_request *request, const char *run_directory,
                          const char *config_text, bool show_progress, struct influence_outcome *outcome)
{
    struct job job = {.comm = comm, .request = request};
    MPI_Comm_rank(comm, &job.rank);
    MPI_Comm_size(comm, &job.size);
    *outcome = (struct influence_outcome){0};
    enum status status = study_open(comm, request, &job.study);
    if (status != STATUS_OK)
        return status;
    job.path = path_join(run_directory, "influence.h5");
    status = agree(comm, make_plan(&job));
    if (status == STATUS_OK) {
        set_fingerprint(&job, config_text);
        journal_init(&job.journal, run_directory);
        int unchanged = job.rank == 0 && is_unchanged(&job);
        MPI_Bcast(&unchanged, 1, MPI_INT, 0, comm);
        outcome->unchanged = unchanged;
        if (unchanged)
            journal_remove(comm, &job.journal);
        else
            status = execute(&job, show_progress, outcome);
    }
    outcome->n_block = job.plan.n_block;
    outcome->n_train = job.plan.n_train;
    outcome->n_query = job.plan.n_query;
    job_clear(&job);
    return status;
}
