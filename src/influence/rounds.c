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
    double begun = clock_seconds();
    for (int64_t row = 0; row < gradients->n; row += job->plan.tile_rows) {
        if (gives_up(job, begun, row, gradients->n))
            return stop_within_block(job);
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
        prefetch_begin(job->prefetch, block * job->plan.block_rows, job_block_rows(job, block));
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
    for (int64_t round = 0; round < n_round && status == STATUS_OK; round++) {
        status = between_rounds(job, round, n_round, &stored);
        if (status == STATUS_OK && round == 0)
            read_ahead(job, 0);
        if (status == STATUS_OK)
            status = do_round(job, round);
        progress_add(&progress, 1);
    }
    if (status == STATUS_OK)
        progress_end(&progress);
    return status;
}
