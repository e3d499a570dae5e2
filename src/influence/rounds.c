#include "influence/rounds.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "influence/profile.h"

/* Once a stop was asked for, a block that would take longer than this many seconds is left half done: Slurm gives a job
 * 30 by default until it kills it. */
static const double patience = 5;

/* Seconds between generations of the journal.  ASSAY_JOURNAL_SECONDS overrides it: tests cannot wait a minute. */
static double journal_every(void)
{
    const char *wish = getenv("ASSAY_JOURNAL_SECONDS");
    return wish != NULL ? atof(wish) : 60;
}

enum { SELF_ROWS = 1024 }; /* examples whose squares are shared at a time: 8 KiB per checkpoint */

/* Self-influence Σ_k weight_k ‖g_k‖² of examples [first, first + n) of a block, summed in order of k.
 * @collective team */
static void sum_self(const struct job *job, const struct gradients *gradients, int64_t first, int64_t n, double *self)
{
    const struct team *team = &job->team;
    int n_used = job->study.n_used;
    double *squares = memory_allocate(n_used * n, sizeof *squares); /* n_used × n */
    for (int k = team->k_first; k < team->k_first + team->n_k; k++)
        for (int64_t i = 0; i < n; i++)
            squares[k * n + i] = gradients_square(gradients, first + i, k);
    if (team->n_member > 1) /* every member knows its own, and has zero for the others */
        MPI_Allreduce(MPI_IN_PLACE, squares, to_int(n_used * n), MPI_DOUBLE, MPI_MAX, team->comm);
    for (int64_t i = 0; i < n; i++)
        self[i] = 0;
    for (int k = 0; k < n_used; k++)
        for (int64_t i = 0; i < n; i++)
            self[i] += study_weight(&job->study, k) * squares[k * n + i];
    memory_free(squares);
}

/* Rows that do not depend on the tiles.  @collective team */
static void write_examples(const struct job *job, const struct block_input *block, struct block_rows *rows)
{
    double *self = memory_allocate(SELF_ROWS, sizeof *self);
    if (team_leads(&job->team))
        block_rows_samples(rows, &block->rows);
    for (int64_t i = 0; i < block->n; i += SELF_ROWS) {
        int64_t n = block->n - i < SELF_ROWS ? block->n - i : SELF_ROWS;
        sum_self(job, &block->gradients, i, n, self);
        if (team_leads(&job->team))
            block_rows_self(rows, block->first + i, n, self);
    }
    memory_free(self);
}

/* Whether the members of a team leave a block half done, after n_done of its n rows.  @collective team */
static bool gives_up(const struct job *job, double begun, int64_t n_done, int64_t n)
{
    double left = n_done > 0 ? (clock_seconds() - begun) * (double)(n - n_done) / (double)n_done : 0;
    int wish = stop_requested() && left > patience;
    if (job->team.n_member > 1)
        MPI_Allreduce(MPI_IN_PLACE, &wish, 1, MPI_INT, MPI_MAX, job->team.comm);
    return wish;
}

/* What the job's partial result holds is then of no use: the last generation of the journal stays in force. */
static enum status stop_within_block(const struct job *job)
{
    const struct journal *journal = &job->journal;
    return journal->generation > 0
               ? fail(STOPPED,
                      "influence: stopped on request within a block; what was done before it is in %s: run the same "
                      "command again to go on",
                      journal->directory)
               : fail(STOPPED, "influence: stopped on request within the first blocks; run the same command again");
}

/* All tiles of a block: false when they were left half done.  @collective team */
static bool score_tiles(struct job *job, const struct block_input *block, struct block_rows *rows, int *exponent)
{
    double begun = clock_seconds();
    for (int64_t row = 0; row < block->n; row += job->plan.tile_rows) {
        if (gives_up(job, begun, row, block->n))
            return false;
        int64_t left = block->n - row;
        const struct tile *tile =
            scorer_tile(job->scorer, row, left < job->plan.tile_rows ? left : job->plan.tile_rows);
        *exponent = tile->exponent;
        partial_add_tile(&job->partial, &job->study, &job->team, &block->rows, tile);
        profile_enter(PHASE_WRITE);
        if (job->study.config->keep_scores && team_leads(&job->team))
            block_rows_scores(rows, block->first, tile);
        profile_enter(PHASE_PREPARE);
    }
    return true;
}

/* Scores a block that was read.  Members of a team go through the same tiles, whatever their own writes came to.
 * @collective team */
static enum status score_block(struct job *job, const struct block_input *block)
{
    struct block_rows rows;
    uint8_t row_digest[DIGEST_BYTES];
    int exponent = 0;
    enum status status = scorer_begin_block(job->scorer, &block->gradients); /* the same for all members */
    if (status != STATUS_OK)
        return status;
    profile_enter(PHASE_WRITE);
    block_rows_begin(&rows, job->table);
    write_examples(job, block, &rows);
    profile_enter(PHASE_PREPARE);
    bool whole = score_tiles(job, block, &rows, &exponent);
    status = block_rows_end(&rows, row_digest);
    if (!whole)
        return stop_within_block(job);
    enum status ended = partial_end_block(&job->partial, &job->team, block->index, exponent, row_digest);
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
        prefetch_begin(job->prefetch, block, block * job->plan.block_rows, job_block_rows(job, block));
}

/* Waits for this rank's block of a round, NULL if it has none.  Reading may fail on one rank, so that all agree before
 * they go on together.  A read that was not begun, or ended early, because of a request to stop is no failure: the stop
 * comes next.
 * @collective comm */
static enum status await_block(struct job *job, int64_t round, const struct block_input **block)
{
    *block = NULL;
    profile_enter(PHASE_WAIT);
    enum status status = STATUS_OK;
    if (block_of_round(job, round) >= 0 && prefetch_is_under_way(job->prefetch))
        status = prefetch_end(job->prefetch, block, &job->read);
    status = agree(job->comm, status == STOPPED ? STATUS_OK : status);
    profile_enter(PHASE_PREPARE);
    return status;
}

/* What was read of the blocks of a round belongs to the partial result once they are scored. */
static void keep_segments(struct job *job)
{
    for (int64_t i = 0; i < job->read.n; i++)
        segments_add(&job->partial.segments, &job->read.items[i]);
    segments_clear(&job->read);
}

/* One block per team; a rank without one joins with empty work.  @collective comm */
static enum status do_round(struct job *job, int64_t round, const struct block_input *block)
{
    if (!stop_requested()) /* nobody will want the next block: the stop comes before it */
        read_ahead(job, round + 1);
    enum status status = block != NULL ? score_block(job, block) : STATUS_OK;
    keep_segments(job);
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

/* What all ranks do before a round, decided together: rank 0's clock is due, or any rank was asked to stop. */
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

/* What comes between two rounds: a stop, a generation of the journal, or nothing.  @collective comm */
static enum status between_rounds(struct job *job, int64_t round, int64_t n_round, double *stored)
{
    int wishes[N_WISHES];
    share_wishes(job, *stored, wishes);
    if (wishes[STOP])
        return stop_in_order(job, n_round - round);
    if (!wishes[DUE] || round == 0)
        return STATUS_OK;
    enum status status = store_progress(job);
    *stored = clock_seconds();
    return status;
}

enum status rounds_run(struct job *job, bool show)
{
    struct progress progress;
    int64_t n_round = (job->n_todo + job->plan.n_team - 1) / job->plan.n_team;
    int64_t n_row = job->n_todo * job->plan.block_rows;
    progress_begin(&progress, show && job->rank == 0, "influence", "examples", n_round,
                   n_row < job->plan.n_train ? n_row : job->plan.n_train);
    double stored = clock_seconds();
    enum status status = STATUS_OK;
    const struct block_input *block;
    if (n_round > 0)
        read_ahead(job, 0);
    for (int64_t round = 0; round < n_round && status == STATUS_OK; round++) {
        status = await_block(job, round, &block);
        if (status == STATUS_OK)
            status = between_rounds(job, round, n_round, &stored);
        if (status == STATUS_OK)
            status = do_round(job, round, block);
        progress_add(&progress, 1);
    }
    if (status == STATUS_OK)
        progress_end(&progress);
    return status;
}
