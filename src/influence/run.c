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
#include "influence/prefetch.h"
#include "influence/profile.h"
#include "influence/study_plan.h"
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
    int rank;
    const struct study_request *request;
    struct study study;
    struct influence_plan plan;
    struct team team;
    struct gradients queries;
    struct scorer *scorer;
    struct prefetch *prefetch;
    struct partial partial;
    struct journal journal;
    struct influence_tables *tables;
    struct table *table;
    char *path; /* of influence.h5 */
    char fingerprint[65];
    int64_t *blocks; /* blocks to do, ascending; the same on every rank */
    int64_t n_todo;
};

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
    enum status status = STATUS_OK;
    gradients_init(&job->study, QUERY_SIDE, job->team.k_first, job->team.n_k, job->plan.n_query, &job->queries);
    enum phase phase = profile_enter(PHASE_DIGITS);
    status = gradients_read(&job->queries, 0, job->plan.n_query, &job->study.segments);
    profile_enter(phase);
    status = agree(job->comm, status);
    if (status == STATUS_OK)
        status = study_hash_rest(job->comm, job->request, &job->study);
    return status == STATUS_OK ? share_segments(job->comm, &job->study.segments) : status;
}

/* The segments that reading the blocks will give, their digests still missing: the table is laid out before. */
static void list_blocks(const struct job *job, struct segment_list *list)
{
    for (int c = 0; c < job->study.n_used * job->study.n_layer; c++) {
        struct tensor *tensors[MAX_FACTORS + 1];
        int n = capture_tensors(&job->study.captures[c].side[TRAIN_SIDE], tensors);
        for (int i = 0; i < n; i++)
            for (int64_t block = 0; block < job->plan.n_block; block++)
                tensor_list(tensors[i], block * job->plan.block_rows, rows_of_block(job, block), list);
    }
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

/* Self-influence Σ_k weight_k ‖g_k‖², summed in order of k on the team's leader.  @collective team */
static enum status write_self(struct job *job, const struct gradients *gradients, int64_t first)
{
    const struct team *team = &job->team;
    int n_used = job->study.n_used;
    int64_t n = gradients->n;
    double *squares = memory_allocate(n_used * n, sizeof *squares); /* n_used × n */
    for (int k = team->k_first; k < team->k_first + team->n_k; k++)
        for (int64_t i = 0; i < n; i++)
            squares[k * n + i] = gradients_square(gradients, i, k);
    if (team->n_member > 1) /* every member knows its own, and has zero for the others */
        MPI_Allreduce(MPI_IN_PLACE, squares, to_int(n_used * n), MPI_DOUBLE, MPI_MAX, team->comm);
    enum status status = STATUS_OK;
    if (team_leads(team)) {
        double *self = memory_allocate(n, sizeof *self);
        for (int k = 0; k < n_used; k++)
            for (int64_t i = 0; i < n; i++)
                self[i] += study_weight(&job->study, k) * squares[k * n + i];
        status = influence_tables_write_self(job->table, first, n, self);
        memory_free(self);
    }
    memory_free(squares);
    return status;
}

/* Scores a block that was read.  Members of a team go through the same tiles, whatever their own writes came to.
 * @collective team */
static enum status score_block(struct job *job, const struct gradients *gradients, int64_t block)
{
    int64_t first = block * job->plan.block_rows;
    enum status status = scorer_begin_block(job->scorer, gradients); /* the same for all members */
    if (status != STATUS_OK)
        return status;
    profile_enter(PHASE_WRITE);
    status = write_self(job, gradients, first);
    profile_enter(PHASE_PREPARE);
    int exponent = 0;
    for (int64_t row = 0; row < gradients->n; row += job->plan.tile_rows) {
        int64_t left = gradients->n - row;
        const struct tile *tile =
            scorer_tile(job->scorer, row, left < job->plan.tile_rows ? left : job->plan.tile_rows);
        exponent = tile->exponent;
        partial_add_tile(&job->partial, &job->study, &job->team, first, tile);
        profile_enter(PHASE_WRITE);
        if (job->study.config->keep_scores && team_leads(&job->team) && status == STATUS_OK)
            status = influence_tables_write_scores(job->table, first, tile);
        profile_enter(PHASE_PREPARE);
    }
    enum status ended = partial_end_block(&job->partial, &job->team, block, exponent);
    return status == STATUS_OK ? ended : status;
}

/* The block of this rank's team in a round, or −1. */
static int64_t block_of_round(const struct job *job, int64_t round)
{
    int64_t at = round * job->plan.n_team + job->team.index;
    return team_works(&job->team) && at < job->n_todo ? job->blocks[at] : -1;
}

static void read_ahead(struct job *job, int64_t round)
{
    int64_t block = block_of_round(job, round);
    if (block >= 0)
        prefetch_begin(job->prefetch, block * job->plan.block_rows, rows_of_block(job, block));
}

/* One block per team; a rank without one joins with empty work.  Reading may fail on one rank, so that all agree before
 * the members of a team go on together.
 * @collective comm */
static enum status do_round(struct job *job, int64_t round)
{
    int64_t block = block_of_round(job, round);
    const struct gradients *gradients = NULL;
    profile_enter(PHASE_WAIT);
    enum status status = block >= 0 ? prefetch_end(job->prefetch, &gradients, &job->partial.segments) : STATUS_OK;
    status = agree(job->comm, status);
    profile_enter(PHASE_PREPARE);
    if (status != STATUS_OK)
        return status;
    read_ahead(job, round + 1);
    status = block >= 0 ? score_block(job, gradients, block) : STATUS_OK;
    profile_enter(PHASE_WAIT);
    status = agree(job->comm, status);
    profile_enter(PHASE_PREPARE);
    return status;
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

/* Every team takes every n_team-th block that is left to do. */
static enum status do_blocks(struct job *job, bool show)
{
    struct progress progress;
    int64_t n_round = (job->n_todo + job->plan.n_team - 1) / job->plan.n_team;
    int64_t n_row = job->n_todo * job->plan.block_rows;
    progress_begin(&progress, show && job->rank == 0, "influence", "examples", n_round,
                   n_row < job->plan.n_train ? n_row : job->plan.n_train);
    double stored = clock_seconds();
    enum status status = STATUS_OK;
    read_ahead(job, 0);
    for (int64_t round = 0; round < n_round && status == STATUS_OK; round++) {
        status = do_round(job, round);
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
    const struct gemm_backend *backend = gemm_find(job->study.config->backend);
    team_make(job->comm, job->plan.n_block, job->study.n_used, &job->team);
    enum status status = read_inputs(job);
    if (status != STATUS_OK)
        return status;
    int64_t block = job->plan.block_rows < job->plan.n_train ? job->plan.block_rows : job->plan.n_train;
    partial_init(&job->partial, &job->study, &job->plan);
    job->scorer = scorer_create(&job->study, &job->plan, &job->team, &job->queries, backend);
    job->prefetch =
        prefetch_create(&job->study, job->team.k_first, job->team.n_k, block, !study_reads_hdf5(&job->study));
    status = begin_table(job);
    outcome->n_resumed = job->plan.n_block - job->n_todo;
    if (status == STATUS_OK)
        status = do_blocks(job, show);
    profile_enter(PHASE_WRITE);
    if (status == STATUS_OK)
        status = write_results(job);
    if (job->table != NULL) {
        enum status closed = table_close(job->table, status == STATUS_OK);
        status = status == STATUS_OK ? closed : status;
    }
    profile_enter(PHASE_PREPARE);
    if (status == STATUS_OK)
        journal_remove(job->comm, &job->journal);
    return status;
}

static void job_clear(struct job *job)
{
    influence_tables_destroy(job->tables);
    prefetch_destroy(job->prefetch);
    scorer_destroy(job->scorer);
    gradients_clear(&job->queries);
    partial_clear(&job->partial);
    journal_clear(&job->journal);
    memory_free(job->blocks);
    memory_free(job->path);
    team_clear(&job->team);
    study_close(&job->study);
}

enum status influence_run(MPI_Comm comm, const struct study_request *request, const char *run_directory,
                          const char *config_text, bool show_progress, struct influence_outcome *outcome)
{
    struct job job = {.comm = comm, .request = request};
    int size;
    MPI_Comm_rank(comm, &job.rank);
    MPI_Comm_size(comm, &size);
    *outcome = (struct influence_outcome){0};
    profile_enter(PHASE_PREPARE);
    enum status status = study_open(comm, request, &job.study);
    if (status != STATUS_OK)
        return status;
    job.path = path_join(run_directory, "influence.h5");
    status = agree(comm, study_plan(&job.study, size, &job.plan));
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
    profile_enter(PHASE_NONE);
    return status;
}
