#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "influence/influence.h"
#include "influence/profile.h"
#include "influence/rounds.h"
#include "influence/study_plan.h"
#include "table/fingerprint.h"

/* What the job's result depends on, as far as it is known before captures are read: config, sizes, records. */
static void set_fingerprint(struct job *job, const char *config_text)
{
    struct text head;
    text_init(&head);
    text_add(&head, "%s\n%lld examples, %lld queries, %d checkpoints", config_text, (long long)job->study.samples.n,
             (long long)job->study.queries.n, job->study.n_used);
    fingerprint_make(job->comm, head.bytes, &job->study.segments, job->fingerprint);
    text_clear(&head);
}

/* ---- inputs ---------------------------------------------------------------------------------------------------- */

/* Reads the queries and every byte outside capture rows: rank 0's study then lists them all. */
static enum status read_inputs(struct job *job)
{
    enum status status = STATUS_OK;
    gradients_init(&job->study, QUERY_SIDE, job->team.k_first, job->team.n_k, job->plan.n_query, &job->queries);
    struct reading_room room = {0};
    enum phase phase = profile_enter(PHASE_DIGITS);
    status = gradients_read(&job->queries, 0, job->plan.n_query, &room, &job->study.segments);
    profile_enter(phase);
    reading_room_clear(&room);
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
                tensor_list(tensors[i], block * job->plan.block_rows, job_block_rows(job, block), list);
    }
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
    /* By place alone: modules of one index, or one store for several checkpoints, list the same bytes more than once.
     */
    for (int64_t i = 0; i < list->n; i++)
        memset(list->items[i].sha256, 0, sizeof list->items[i].sha256);
    ASSERT(segments_sort(list) == STATUS_OK);
}

/* Whether a journal is there to go on from.  One that is older than an input is put away: its blocks may come from
 * captures that are no more.
 * @collective comm */
static enum status find_journal(struct job *job, bool *found, bool *put_away)
{
    *found = journal_exists(job->comm, &job->journal);
    if (!*found)
        return STATUS_OK;
    struct segment_list inputs;
    segments_init(&inputs);
    enum status status = job->rank == 0 ? study_list_rest(job->request, &job->study, &inputs) : STATUS_OK;
    list_inputs(job, &inputs);
    int current = job->rank == 0 && journal_is_newer(&job->journal, job->request->directory, &inputs);
    segments_clear(&inputs);
    MPI_Bcast(&current, 1, MPI_INT, 0, job->comm);
    status = agree(job->comm, status);
    if (status == STATUS_OK && !current) {
        journal_remove(job->comm, &job->journal);
        *found = false;
        *put_away = true;
    }
    return status;
}

/* Takes over what an earlier run has done; a journal that cannot be used is refused before any other work.
 * @collective comm */
static enum status take_over(struct job *job, struct influence_outcome *outcome)
{
    bool found = false;
    memcpy(job->journal.config, job->fingerprint, sizeof job->journal.config);
    uint8_t *done = memory_allocate(job->plan.n_block, 1);
    enum status status = find_journal(job, &found, &outcome->began_anew);
    if (status == STATUS_OK && found)
        status = journal_load(job->comm, &job->journal, &job->partial, done);
    if (status == STATUS_OK && found)
        status =
            agree_from(job->comm, 0, job->rank == 0 ? influence_tables_check(job->path, job->fingerprint) : STATUS_OK);
    if (status == STATUS_OK && found)
        status = agree(job->comm, block_rows_check(job->path, &job->study, &job->plan, &job->partial));
    list_todo(job, done);
    outcome->n_resumed = job->plan.n_block - job->n_todo;
    memory_free(done);
    return status;
}

/* Lays the table out, or opens it again when a journal says that some of it is done. */
static enum status begin_table(struct job *job)
{
    char inputs_read[65];
    fingerprint_make(job->comm, job->fingerprint, &job->study.segments, inputs_read);
    bool resumes = job->journal.generation > 0;
    if (resumes && journal_check_inputs(&job->journal, inputs_read) != STATUS_OK) /* the same on every rank */
        return BAD_RUN;
    memcpy(job->journal.inputs, inputs_read, sizeof inputs_read);
    struct segment_list inputs;
    segments_init(&inputs);
    list_inputs(job, &inputs);
    job->tables = influence_tables_plan(job->comm, &job->study, &job->plan, &inputs);
    segments_clear(&inputs);
    return resumes
               ? influence_tables_reopen(job->comm, job->path, job->tables, &job->table)
               : influence_tables_create(job->comm, job->path, job->tables, &job->study, job->fingerprint, &job->table);
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
    partial_init(&job->partial, &job->study, &job->plan);
    segments_init(&job->read);
    enum status status = take_over(job, outcome);
    if (status == STATUS_OK)
        status = read_inputs(job);
    if (status != STATUS_OK)
        return status;
    int64_t block = job->plan.block_rows < job->plan.n_train ? job->plan.block_rows : job->plan.n_train;
    job->scorer = scorer_create(&job->study, &job->plan, &job->team, &job->queries, backend);
    job->prefetch = prefetch_create(&job->study, &job->team, block, !study_reads_hdf5(&job->study));
    status = begin_table(job);
    if (status == STATUS_OK)
        status = rounds_run(job, show);
    profile_enter(PHASE_WRITE);
    if (status == STATUS_OK)
        status = write_results(job);
    status = table_conclude(job->table, status);
    profile_enter(PHASE_PREPARE);
    if (status == STATUS_OK && job->rank == 0)
        fingerprint_stamp(job->path, job->journal.begun);
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
    segments_clear(&job->read);
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
    profile_enter(PHASE_RECORDS);
    enum status status = study_open(comm, request, &job.study);
    profile_enter(PHASE_PREPARE);
    if (status != STATUS_OK)
        return status;
    job.path = path_join(run_directory, "influence.h5");
    status = agree(comm, study_plan(&job.study, size, &job.plan));
    if (status == STATUS_OK) {
        set_fingerprint(&job, config_text);
        journal_init(&job.journal, run_directory);
        int unchanged = job.rank == 0 && fingerprint_stands(job.path, request->directory, job.fingerprint);
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
