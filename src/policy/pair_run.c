#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "policy/pair_parts.h"
#include "policy/pair_rows.h"

/* What a rank holds while it measures pairs. */
struct measuring {
    MPI_Comm comm;
    int rank, size;
    struct pairs *pairs;
    const struct shift_base *base;
    const struct pairs_output *output;
    struct shift_study *study; /* NULL: it could not be prepared */
    struct pair_block block;
    struct pair_rows rows;
    struct pair_top top;
    struct pair_groups groups;
    struct shift shift;
    struct rows change;
    double *behaviour; /* Δy: n_behaviour × n_probe */
    struct progress progress;
};

static void measuring_init(struct measuring *work)
{
    const struct pairs *pairs = work->pairs;
    const struct pair_sizes *sizes = &pairs->sizes;
    MPI_Comm_rank(work->comm, &work->rank);
    MPI_Comm_size(work->comm, &work->size);
    pair_block_init(&pairs->inputs, pairs->block_pairs, &work->block);
    pair_rows_init(pairs->block_pairs, sizes->n_behaviour, pairs->keep_features, &work->rows);
    pair_top_init(sizes->n_behaviour, sizes->n_feature, sizes->keep_pairs, &work->top);
    pair_groups_init(&pairs->records, sizes->n_behaviour, sizes->n_watched, work->output->watched, &work->groups);
    shift_init(&work->shift, sizes->n_behaviour, sizes->n_feature);
    rows_init_sparse(&work->change, sizes->n_feature);
    work->behaviour = memory_allocate(sizes->n_behaviour * pairs->inputs.n_probe, sizeof *work->behaviour);
}

static void measuring_clear(struct measuring *work)
{
    memory_free(work->behaviour);
    shift_study_destroy(work->study); /* it has borrowed the change */
    rows_clear(&work->change);
    shift_clear(&work->shift);
    pair_groups_clear(&work->groups);
    pair_top_clear(&work->top);
    pair_rows_clear(&work->rows);
    pair_block_clear(&work->block);
}

/* ---- one block ------------------------------------------------------------------------------------------------- */

/* Puts the pair's id before the sentence. */
static enum status name_pair(const struct pair_records *records, int64_t pair, enum status status)
{
    char *sentence = memory_copy_text(failure_sentence());
    fail(status, "policy: pair \"%.*s\": %s", to_int(records->id_bytes), records->ids + pair * records->id_bytes,
         sentence);
    memory_free(sentence);
    return status;
}

static enum status measure_pair(struct measuring *work, int64_t i)
{
    const struct pair_records *records = &work->pairs->records;
    int64_t pair = work->block.first + i;
    pair_block_change(&work->block, i, work->base, &work->change, work->behaviour);
    enum status status = shift_compute(work->study, &work->change, work->behaviour, &work->shift);
    if (status == STATUS_OK) {
        pair_rows_set(&work->rows, i, pair, &records->intended, work->study, &work->shift);
        pair_top_offer(&work->top, pair, &work->shift, work->base->deviation);
        status = pair_groups_add(&work->groups, pair, &work->shift, pair_rows_interferes(&work->rows, i));
    }
    progress_add(&work->progress, 1);
    return status == STATUS_OK ? status : name_pair(records, pair, status);
}

static enum status stopped(void)
{
    return fail(STOPPED, "policy: stopped on request while pairs were measured; they begin anew when the same command "
                         "is run again");
}

static enum status measure_block(struct measuring *work, int64_t block)
{
    struct pairs *pairs = work->pairs;
    int64_t n = pairs_in_block(pairs, block), first = block * pairs->block_pairs;
    enum status status = stop_requested() ? stopped() : pair_block_read(&work->block, first, n, work->output->segments);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        status = stop_requested() ? stopped() : measure_pair(work, i);
    return status == STATUS_OK ? pair_rows_write(&work->rows, work->output->table, first, n) : status;
}

/* ---- all blocks ------------------------------------------------------------------------------------------------ */

static int64_t own_pairs(const struct measuring *work)
{
    int64_t n = 0;
    for (int64_t block = work->rank; block < work->pairs->n_block; block += work->size)
        n += pairs_in_block(work->pairs, block);
    return n;
}

/* Round r: each rank measures one block.  What a rank has to say after a round, that it failed or that all shall stop,
 * the others hear one round later, so that nobody waits for the slowest in every round; all leave in the same round. */
static enum status measure_blocks(struct measuring *work, enum status status)
{
    int64_t n_round = (work->pairs->n_block + work->size - 1) / work->size;
    int wish = status != STATUS_OK, heard = 0;
    MPI_Request request;
    progress_begin(&work->progress, work->output->show && work->rank == 0, "policy: pairs", "pairs", own_pairs(work),
                   work->pairs->records.n);
    for (int64_t round = 0; round < n_round && !heard; round++) {
        int64_t block = round * work->size + work->rank;
        MPI_Iallreduce(&wish, &heard, 1, MPI_INT, MPI_MAX, work->comm, &request);
        if (status == STATUS_OK && block < work->pairs->n_block)
            status = measure_block(work, block);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        wish = status != STATUS_OK;
    }
    progress_end(&work->progress);
    return agree(work->comm, status);
}

static enum status write_reduced(struct measuring *work)
{
    pair_top_reduce(work->comm, &work->top, work->base->deviation);
    pair_groups_reduce(work->comm, &work->groups);
    enum status status = STATUS_OK;
    if (work->rank == 0)
        status = pair_tables_write(work->output->table, &work->pairs->records, &work->top, &work->groups);
    return agree_from(work->comm, 0, status);
}

enum status pairs_run(MPI_Comm comm, struct pairs *pairs, const struct shift_base *base,
                      const struct pairs_output *output)
{
    struct measuring work = {.comm = comm, .pairs = pairs, .base = base, .output = output};
    measuring_init(&work);
    enum status status = shift_prepare(base, SHIFT_AUTO, &work.study);
    status = measure_blocks(&work, status);
    if (status == STATUS_OK)
        status = write_reduced(&work);
    measuring_clear(&work);
    return status;
}
