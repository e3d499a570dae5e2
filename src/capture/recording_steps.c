/* Steps with their contributions: three tables read side by side, for what belongs to a step was written with it. */

#include "base/memory.h"
#include "capture/recording_parts.h"

/* A table whose rows name the step that they belong to, read one row ahead. */
struct follower {
    struct recording_rows *rows;
    bool more, taken; /* taken: the caller has the row that was read ahead, and may use it until the next call */
    int64_t record;   /* of that row, if there is more */
};

struct recording_steps {
    struct recording *recording;
    struct recording_rows *rows;
    struct follower contributions, optimizers;
    int64_t *undone_from; /* owned; per session, its first step that a later session did again; INT64_MAX if none */
    int64_t record, session, step, n; /* of the present step; 0, 0, -1 before the first */
};

/* Columns of the tables, in the order of schema.c; checked by open. */
enum { STEP_RECORD, STEP_SESSION, STEP_STEP, STEP_EPOCH, STEP_TIME, STEP_RATE, STEP_LOSS, STEP_N };
enum { STEP_SAMPLES = STEP_N + 1, STEP_LOSSES, STEP_WEIGHTS, STEP_PARTS };
enum { OF_RECORD, OF_GROUP }; /* both followers */
enum {
    SHARE_RATE = 2,
    SHARE_DELTA,
    SHARE_RESIDUAL,
    SHARE_ROUNDING,
    SHARE_CONDITIONAL,
    SHARE_N,
    SHARE_NORMS,
    SHARE_SHARES
};
enum { OPTIMIZER_KIND = 2, OPTIMIZER_NORM, OPTIMIZER_SHARE };

static void check_columns(void)
{
    ASSERT(schema_find(TABLE_STEP, "session", COLUMN_INTEGER) == STEP_SESSION);
    ASSERT(schema_find(TABLE_STEP, "n", COLUMN_INTEGER) == STEP_N);
    ASSERT(schema_find(TABLE_STEP, "micro_batches", COLUMN_PARTS) == STEP_PARTS);
    ASSERT(schema_find(TABLE_CONTRIBUTION, "parameter_group", COLUMN_INTEGER) == OF_GROUP);
    ASSERT(schema_find(TABLE_CONTRIBUTION, "shares", COLUMN_F64S) == SHARE_SHARES);
    ASSERT(schema_find(TABLE_OPTIMIZER, "parameter_group", COLUMN_INTEGER) == OF_GROUP);
    ASSERT(schema_find(TABLE_OPTIMIZER, "share", COLUMN_REAL) == OPTIMIZER_SHARE);
}

/* ---- what later sessions did again ----------------------------------------------------------------------------------
 */

static enum status read_first_steps(struct recording *recording, int64_t *first)
{
    struct recording_rows *rows = NULL;
    bool more = true;
    enum status status = recording_rows_open(recording, TABLE_STEP, &rows);
    while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more) {
        int64_t session = recording_integer(rows, STEP_SESSION), step = recording_integer(rows, STEP_STEP);
        if (session < 1 || session > recording->info.n_session)
            status = recording_expected(rows, "a session that the file has");
        else if (step < first[session - 1])
            first[session - 1] = step;
    }
    recording_rows_close(rows);
    return status;
}

static enum status find_undone(struct recording *recording, int64_t *undone_from)
{
    int64_t n = recording->info.n_session;
    int64_t *first = memory_allocate(n, sizeof *first);
    for (int64_t s = 0; s < n; s++)
        first[s] = undone_from[s] = INT64_MAX;
    /* Most files have one session, and need no pass of their own for this. */
    enum status status = n > 1 ? read_first_steps(recording, first) : STATUS_OK;
    for (int64_t s = n - 1; s > 0; s--)
        undone_from[s - 1] = first[s] < undone_from[s] ? first[s] : undone_from[s];
    memory_free(first);
    return status;
}

/* ---- reading side by side -------------------------------------------------------------------------------------------
 */

static enum status advance(struct follower *follower)
{
    follower->taken = false;
    enum status status = recording_rows_next(follower->rows, &follower->more);
    if (status == STATUS_OK && follower->more)
        follower->record = recording_integer(follower->rows, OF_RECORD);
    return status;
}

/* From the first row of `record` or a later one on. */
static enum status follow(struct recording *recording, enum table_id table, int64_t record, struct follower *follower)
{
    int64_t row = 0;
    enum status status = record > 0 ? recording_find_record(recording, table, record, &row) : STATUS_OK;
    if (status == STATUS_OK)
        status = recording_rows_open_at(recording, table, row, &follower->rows);
    return status == STATUS_OK ? advance(follower) : status;
}

enum status recording_steps_open(struct recording *recording, struct recording_steps **steps)
{
    enum status status = recording_steps_open_at(recording, 0, steps);
    if (status == STATUS_OK)
        status = find_undone(recording, (*steps)->undone_from);
    if (status != STATUS_OK) {
        recording_steps_close(*steps);
        *steps = NULL;
    }
    return status;
}

enum status recording_steps_open_at(struct recording *recording, int64_t first, struct recording_steps **steps)
{
    check_columns();
    struct recording_steps *opened = memory_allocate(1, sizeof *opened);
    *opened = (struct recording_steps){.recording = recording, .step = -1};
    opened->undone_from = memory_allocate(recording->info.n_session, sizeof *opened->undone_from);
    for (int64_t s = 0; s < recording->info.n_session; s++)
        opened->undone_from[s] = INT64_MAX;
    enum status status = recording_rows_open_at(recording, TABLE_STEP, first, &opened->rows);
    if (status == STATUS_OK)
        status = follow(recording, TABLE_CONTRIBUTION, first, &opened->contributions);
    if (status == STATUS_OK)
        status = follow(recording, TABLE_OPTIMIZER, first, &opened->optimizers);
    if (status != STATUS_OK) {
        recording_steps_close(opened);
        opened = NULL;
    }
    *steps = opened;
    return status;
}

void recording_steps_close(struct recording_steps *steps)
{
    if (steps == NULL)
        return;
    recording_rows_close(steps->rows);
    recording_rows_close(steps->contributions.rows);
    recording_rows_close(steps->optimizers.rows);
    memory_free(steps->undone_from);
    memory_free(steps);
}

static enum status check_follower(const struct recording_steps *steps, const struct follower *follower)
{
    int64_t group = recording_integer(follower->rows, OF_GROUP);
    if (group < 1 || group > steps->recording->info.n_group)
        return recording_expected(follower->rows, "a parameter group that the file has");
    if (follower != &steps->contributions)
        return STATUS_OK;
    int64_t n = recording_integer(follower->rows, SHARE_N);
    bool has_numbers = recording_array(follower->rows, SHARE_NORMS, NULL) != NULL ||
                       recording_array(follower->rows, SHARE_SHARES, NULL) != NULL;
    if (n != steps->n && (n != 0 || has_numbers)) /* an empty array is not none */
        return recording_expected(follower->rows, "one number per use of its step, or none");
    return STATUS_OK;
}

/* The next row of the present step, checked; *more is false if there is none. */
static enum status take(const struct recording_steps *steps, struct follower *follower, bool *more)
{
    *more = false;
    enum status status = follower->taken ? advance(follower) : STATUS_OK;
    if (status != STATUS_OK || !follower->more || follower->record != steps->record)
        return status;
    follower->taken = true;
    status = check_follower(steps, follower);
    *more = status == STATUS_OK;
    return status;
}

/* Passes over what the caller did not ask for. */
static enum status skip(struct recording_steps *steps)
{
    struct follower *followers[] = {&steps->contributions, &steps->optimizers};
    enum status status = STATUS_OK;
    for (int i = 0; i < 2; i++)
        for (bool more = true; more && status == STATUS_OK;)
            status = take(steps, followers[i], &more);
    return status;
}

/* No row may be left behind that belongs to a step before `record`: it would belong to none. */
static enum status refuse_orphans(const struct recording_steps *steps, int64_t record)
{
    const struct follower *followers[] = {&steps->contributions, &steps->optimizers};
    for (int i = 0; i < 2; i++)
        if (followers[i]->more && followers[i]->record < record)
            return recording_expected(followers[i]->rows, "the record of a step that the file has");
    return STATUS_OK;
}

static enum status check_step(struct recording_steps *steps)
{
    int64_t session = recording_integer(steps->rows, STEP_SESSION), step = recording_integer(steps->rows, STEP_STEP);
    if (session < 1 || session > steps->recording->info.n_session || session < steps->session)
        return recording_expected(steps->rows, "a session that the file has, not before that of the row above");
    if (session == steps->session && step <= steps->step)
        return recording_expected(steps->rows, "steps that grow within their session");
    steps->session = session;
    steps->step = step;
    return STATUS_OK;
}

enum status recording_next_step(struct recording_steps *steps, struct recorded_step *step, bool *more)
{
    *more = false;
    enum status status = skip(steps);
    if (status == STATUS_OK)
        status = recording_rows_next(steps->rows, more);
    if (status != STATUS_OK)
        return status;
    if (!*more)
        return refuse_orphans(steps, INT64_MAX);
    const struct recording_rows *rows = steps->rows;
    steps->record = recording_integer(rows, STEP_RECORD);
    steps->n = recording_integer(rows, STEP_N);
    status = check_step(steps);
    if (status == STATUS_OK)
        status = refuse_orphans(steps, steps->record);
    *more = status == STATUS_OK;
    if (status != STATUS_OK)
        return status;
    *step = (struct recorded_step){.record = steps->record,
                                   .session = steps->session,
                                   .step = steps->step,
                                   .epoch = recording_integer(rows, STEP_EPOCH),
                                   .time = recording_real(rows, STEP_TIME),
                                   .learning_rate = recording_real(rows, STEP_RATE),
                                   .loss = recording_real(rows, STEP_LOSS),
                                   .n = steps->n,
                                   .superseded = steps->step >= steps->undone_from[steps->session - 1]};
    step->samples = recording_array(rows, STEP_SAMPLES, NULL);
    step->losses = recording_array(rows, STEP_LOSSES, NULL);
    step->weights = recording_array(rows, STEP_WEIGHTS, NULL);
    step->micro_batches = recording_array(rows, STEP_PARTS, &step->n_micro_batch);
    return STATUS_OK;
}

enum status recording_next_contribution(struct recording_steps *steps, struct recorded_contribution *contribution,
                                        bool *more)
{
    enum status status = take(steps, &steps->contributions, more);
    if (!*more)
        return status;
    const struct recording_rows *rows = steps->contributions.rows;
    *contribution = (struct recorded_contribution){.group = recording_integer(rows, OF_GROUP),
                                                   .learning_rate = recording_real(rows, SHARE_RATE),
                                                   .delta_norm = recording_real(rows, SHARE_DELTA),
                                                   .residual = recording_real(rows, SHARE_RESIDUAL),
                                                   .rounding = recording_real(rows, SHARE_ROUNDING),
                                                   .conditional = recording_integer(rows, SHARE_CONDITIONAL) != 0,
                                                   .n = recording_integer(rows, SHARE_N),
                                                   .norms = recording_array(rows, SHARE_NORMS, NULL),
                                                   .shares = recording_array(rows, SHARE_SHARES, NULL)};
    return STATUS_OK;
}

enum status recording_next_optimizer(struct recording_steps *steps, struct recorded_optimizer *optimizer, bool *more)
{
    enum status status = take(steps, &steps->optimizers, more);
    if (!*more)
        return status;
    const struct recording_rows *rows = steps->optimizers.rows;
    *optimizer = (struct recorded_optimizer){.group = recording_integer(rows, OF_GROUP),
                                             .kind = recording_text(rows, OPTIMIZER_KIND),
                                             .norm = recording_real(rows, OPTIMIZER_NORM),
                                             .share = recording_real(rows, OPTIMIZER_SHARE)};
    return STATUS_OK;
}
