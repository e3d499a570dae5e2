/* Samples in shares: what happened to each goes to the rank that works on it, is sorted, judged and written. */
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "lineage/job.h"

/* What a rank has of its share in one pass. */
struct share_work {
    int64_t pass, share, first, n; /* samples [first, first + n); n 0 without a share */
    struct pairs uses, events;
    double *norms, *sums; /* owned; n × groups, NULL without contributions */
};

static int64_t count_blocks(const struct lineage_job *job, const int64_t *counts, int64_t share)
{
    int64_t n = 0;
    for (int64_t b = 0; b < job->tally.n_block; b++)
        n += job->shares.of_block[b] == share ? counts[b] : 0;
    return n;
}

static void begin_pairs(struct pairs *pairs, int64_t capacity)
{
    *pairs = (struct pairs){.items = memory_allocate_raw(capacity, sizeof *pairs->items), .capacity = capacity};
}

static void work_begin(const struct lineage_job *job, int64_t pass, struct share_work *work)
{
    *work = (struct share_work){.pass = pass, .share = pass * job->size + job->rank};
    bool any = work->share < job->shares.n;
    work->first = any ? job->shares.first[work->share] : job->tally.n_sample;
    work->n = any ? job->shares.first[work->share + 1] - work->first : 0;
    begin_pairs(&work->uses, any ? count_blocks(job, job->tally.uses, work->share) : 0);
    begin_pairs(&work->events, any ? count_blocks(job, job->tally.events, work->share) : 0);
    if (!job->ledger.has_details)
        return;
    work->norms = memory_allocate(work->n * job->ledger.groups.n, sizeof *work->norms);
    work->sums = memory_allocate(work->n * job->ledger.groups.n, sizeof *work->sums);
}

static void work_end(struct share_work *work)
{
    memory_free(work->uses.items);
    memory_free(work->events.items);
    memory_free(work->norms);
    memory_free(work->sums);
}

/* ---- uses -------------------------------------------------------------------------------------------------------- */

/* The uses of a window, from the rows that this rank wrote. */
struct used {
    int64_t n;
    int64_t *samples; /* owned, as the next */
    uint32_t *rows;   /* of the steps */
};

static enum status recall_uses(const struct lineage_job *job, int64_t w, struct used *used)
{
    const struct ledger *ledger = &job->ledger;
    int64_t first = job->windows.first[w], end = job->windows.first[w + 1], begin = ledger->use_start[first];
    used->n = ledger->use_start[end] - begin;
    used->samples = memory_allocate_raw(used->n, sizeof *used->samples);
    used->rows = memory_allocate_raw(used->n, sizeof *used->rows);
    for (int64_t i = first; i < end; i++)
        for (int64_t u = ledger->use_start[i]; u < ledger->use_start[i + 1]; u++)
            used->rows[u - begin] = (uint32_t)i;
    return used->n > 0 ? table_recall(job->table, "/uses/sample", begin, used->n, used->samples) : STATUS_OK;
}

/* Contributions of the window's examples, those of steps that count, in the order of the table. */
struct parts {
    int64_t n;
    int64_t *samples; /* owned, as the next */
    struct part *items;
};

static enum status recall_parts(const struct lineage_job *job, int64_t w, const struct used *used, struct parts *parts)
{
    const struct ledger *ledger = &job->ledger;
    int64_t first = job->windows.first[w], end = job->windows.first[w + 1];
    int64_t c_begin = ledger->contribution_start[first], d_begin = ledger->detail_start[first];
    int64_t n_c = ledger->contribution_start[end] - c_begin, n_d = ledger->detail_start[end] - d_begin;
    int64_t *group = memory_allocate_raw(n_c, sizeof *group), *start = memory_allocate_raw(n_c + 1, sizeof *start);
    double *norms = memory_allocate_raw(n_d, sizeof *norms), *shares = memory_allocate_raw(n_d, sizeof *shares);
    parts->samples = memory_allocate_raw(n_d, sizeof *parts->samples);
    parts->items = memory_allocate_raw(n_d, sizeof *parts->items);
    parts->n = 0;
    enum status status = STATUS_OK;
    if (n_d > 0) {
        status = table_recall(job->table, "/contributions/group", c_begin, n_c, group);
        if (status == STATUS_OK)
            status = table_recall(job->table, "/contributions/use_start", c_begin, n_c, start);
        if (status == STATUS_OK)
            status = table_recall(job->table, "/contribution_uses/norm", d_begin, n_d, norms);
        if (status == STATUS_OK)
            status = table_recall(job->table, "/contribution_uses/share", d_begin, n_d, shares);
    }
    start[n_c] = ledger->detail_start[end];
    for (int64_t i = first; i < end && n_d > 0 && status == STATUS_OK; i++) {
        if (ledger->steps[i].superseded)
            continue;
        int64_t use = ledger->use_start[i] - ledger->use_start[first];
        for (int64_t c = ledger->contribution_start[i] - c_begin; c < ledger->contribution_start[i + 1] - c_begin; c++)
            for (int64_t d = start[c] - d_begin, k = 0; d < start[c + 1] - d_begin; d++, k++) {
                parts->samples[parts->n] = used->samples[use + k];
                parts->items[parts->n++] = (struct part){0, (uint32_t)group[c], norms[d], shares[d]};
            }
    }
    memory_free(shares);
    memory_free(norms);
    memory_free(start);
    memory_free(group);
    return status;
}

static void sum_parts(const struct lineage_job *job, const struct part *parts, int64_t n, struct share_work *work)
{
    int64_t n_group = job->ledger.groups.n;
    for (int64_t i = 0; i < n; i++) {
        int64_t at = (int64_t)parts[i].sample * n_group + parts[i].group;
        work->norms[at] += parts[i].norm == parts[i].norm ? parts[i].norm : 0; /* not known: nothing */
        work->sums[at] += parts[i].share == parts[i].share ? parts[i].share : 0;
    }
}

/* One window of every rank at a time, so that what arrives is in the order of the table.  A rank that failed, or has no
 * window left, sends nothing. */
static enum status gather_uses(struct lineage_job *job, struct share_work *work, struct progress *progress)
{
    enum status status = STATUS_OK;
    int64_t n_round = (job->windows.n + job->size - 1) / job->size;
    for (int64_t round = 0; round < n_round; round++) {
        int64_t w = round * job->size + job->rank;
        struct used used = {0};
        struct parts parts = {0};
        if (status == STATUS_OK)
            status = job_check_stop();
        if (w < job->windows.n && status == STATUS_OK)
            status = recall_uses(job, w, &used);
        if (w < job->windows.n && status == STATUS_OK && job->ledger.has_details)
            status = recall_parts(job, w, &used, &parts);
        if (status != STATUS_OK)
            used.n = parts.n = 0;
        spread_pairs(job->comm, &job->shares, work->pass, used.n, used.samples, used.rows, &work->uses);
        if (job->ledger.has_details) {
            struct part *received;
            int64_t n;
            spread_parts(job->comm, &job->shares, work->pass, parts.n, parts.samples, parts.items, &received, &n);
            sum_parts(job, received, n, work);
            memory_free(received);
        }
        progress_add(progress, used.n);
        memory_free(used.samples);
        memory_free(used.rows);
        memory_free(parts.samples);
        memory_free(parts.items);
    }
    return status;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static enum status read_events(struct lineage_job *job, int64_t w, int64_t **samples, uint32_t **items, int64_t *n)
{
    const struct ledger *ledger = &job->ledger;
    int64_t first = job->event_windows.first[w], end = job->event_windows.first[w + 1];
    int64_t begin = ledger->event_start[first];
    *n = ledger->event_start[end] - begin;
    *samples = memory_allocate_raw(*n, sizeof **samples);
    *items = memory_allocate_raw(*n, sizeof **items);
    struct event_cursor cursor = {0};
    enum status status = STATUS_OK;
    for (int64_t e = first; e < end && status == STATUS_OK; e++) {
        const int64_t *found = NULL;
        const float *weights = NULL;
        int64_t at = ledger->event_start[e] - begin;
        status = sources_event(&job->sources, &cursor, e, &found, &weights);
        for (int64_t i = 0; i < ledger->events[e].n && status == STATUS_OK; i++) {
            (*samples)[at + i] = found[i];
            (*items)[at + i] = (uint32_t)(begin + at + i);
        }
    }
    event_cursor_close(&cursor);
    return status;
}

static enum status gather_events(struct lineage_job *job, struct share_work *work)
{
    enum status status = STATUS_OK;
    int64_t n_round = (job->event_windows.n + job->size - 1) / job->size;
    for (int64_t round = 0; round < n_round; round++) {
        int64_t w = round * job->size + job->rank, n = 0, *samples = NULL;
        uint32_t *items = NULL;
        if (w < job->event_windows.n && status == STATUS_OK)
            status = read_events(job, w, &samples, &items, &n);
        spread_pairs(job->comm, &job->shares, work->pass, status == STATUS_OK ? n : 0, samples, items, &work->events);
        memory_free(samples);
        memory_free(items);
    }
    return status;
}

/* ---- what is written --------------------------------------------------------------------------------------------- */

/* Uses of known samples before each share. */
static int64_t uses_before(const struct lineage_job *job, int64_t share)
{
    int64_t n = 0;
    for (int64_t b = 0; b < job->tally.n_block; b++)
        n += job->shares.of_block[b] < share ? job->tally.uses[b] : 0;
    return n;
}

static enum status write_uses(const struct lineage_job *job, const struct share_work *work, const int64_t *start,
                              const uint32_t *rows)
{
    enum { PIECE = 1 << 17 };
    int64_t before = uses_before(job, work->share), n = work->uses.n;
    int64_t *wide = memory_allocate_raw(PIECE, sizeof *wide);
    enum status status = STATUS_OK;
    for (int64_t at = 0; at < n && status == STATUS_OK; at += PIECE) {
        int64_t count = n - at < PIECE ? n - at : PIECE;
        for (int64_t i = 0; i < count; i++)
            wide[i] = rows[at + i];
        status = table_write(job->table, "/uses_by_sample/step", before + at, count, wide);
    }
    bool last = work->first + work->n == job->tally.n_sample;
    for (int64_t at = 0; at < work->n + last && status == STATUS_OK; at += PIECE) {
        int64_t count = work->n + last - at < PIECE ? work->n + last - at : PIECE;
        for (int64_t i = 0; i < count; i++)
            wide[i] = before + start[at + i];
        status = table_write(job->table, "/samples/use_start", work->first + at, count, wide);
    }
    memory_free(wide);
    return status;
}

static enum status write_codes(const struct lineage_job *job, const struct sample_slice *slice)
{
    enum status status = STATUS_OK;
    for (int64_t c = 0; c < job->lines.n_column && status == STATUS_OK; c++) {
        struct text path;
        text_init(&path);
        text_add(&path, "/samples/group/%s", job->lines.config->group_by.items[c]);
        status = table_write(job->table, path.bytes, slice->first, slice->n, slice->codes + c * slice->n);
        text_clear(&path);
    }
    return status;
}

static enum status write_slice(const struct lineage_job *job, const struct share_work *work,
                               const struct sample_slice *slice, const int64_t *training,
                               const struct verdicts *verdicts)
{
    const struct {
        const char *path;
        const void *data;
    } columns[] = {{"/samples/id", slice->ids},
                   {"/samples/training", training},
                   {"/samples/content", slice->content},
                   {"/samples/has_content", slice->has_content},
                   {"/samples/role", verdicts->role},
                   {"/samples/owner", verdicts->owner},
                   {"/samples/uses", verdicts->uses},
                   {"/samples/first_step", verdicts->first_step},
                   {"/samples/last_step", verdicts->last_step},
                   {"/samples/admission", verdicts->admission},
                   {"/samples/contribution/norm", work->norms},
                   {"/samples/contribution/share", work->sums}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof columns / sizeof *columns && status == STATUS_OK; i++)
        if (columns[i].data != NULL && slice->n > 0)
            status = table_write(job->table, columns[i].path, slice->first, slice->n, columns[i].data);
    return status == STATUS_OK && slice->n > 0 ? write_codes(job, slice) : status;
}

static void add_top(struct lineage_job *job, const struct share_work *work)
{
    int64_t n_group = job->ledger.groups.n;
    for (int64_t i = 0; work->sums != NULL && i < work->n * n_group; i++)
        if (work->norms[i] > 0 || work->sums[i] != 0)
            contributors_add(&job->top, i % n_group,
                             &(struct contributor){work->first + i / n_group, work->sums[i], work->norms[i]});
}

/* Rows among training samples: those of lower shares come before.  @collective */
static int64_t *number_training(const struct lineage_job *job, const struct sample_slice *slice, int64_t *before)
{
    int64_t *training = memory_allocate_raw(slice->n, sizeof *training), mine = 0, lower = 0, all;
    for (int64_t i = 0; i < slice->n; i++)
        mine += slice->training[i];
    MPI_Exscan(&mine, &lower, 1, MPI_INT64_T, MPI_SUM, job->comm);
    MPI_Allreduce(&mine, &all, 1, MPI_INT64_T, MPI_SUM, job->comm);
    lower = job->rank == 0 ? 0 : lower;
    for (int64_t i = 0, at = *before + lower; i < slice->n; i++)
        training[i] = slice->training[i] ? at++ : -1;
    *before += all;
    return training;
}

static enum status write_share(struct lineage_job *job, const struct share_work *work, const struct sample_slice *slice,
                               const int64_t *training)
{
    int64_t *use_start, *event_start;
    uint32_t *rows, *items;
    struct verdicts verdicts;
    pairs_sort(&work->uses, work->n, &use_start, &rows);
    pairs_sort(&work->events, work->n, &event_start, &items);
    judge_slice(&job->judge, slice, use_start, rows, event_start, items, &verdicts);
    enum status status = write_uses(job, work, use_start, rows);
    if (status == STATUS_OK)
        status = write_slice(job, work, slice, training, &verdicts);
    verdicts_clear(&verdicts);
    memory_free(items);
    memory_free(event_start);
    memory_free(rows);
    memory_free(use_start);
    return status;
}

static enum status take_pass(struct lineage_job *job, int64_t pass, struct line_reader *reader, int64_t *n_training,
                             struct progress *progress)
{
    struct share_work work;
    struct sample_slice slice = {0};
    work_begin(job, pass, &work);
    enum status status = gather_uses(job, &work, progress);
    enum status events = gather_events(job, &work);
    status = status != STATUS_OK ? status : events;
    if (status == STATUS_OK)
        status = sample_slice_read(&job->lines, reader, work.first, work.n, &slice);
    status = agree(job->comm, status);
    if (status == STATUS_OK) {
        int64_t *training = number_training(job, &slice, n_training);
        if (work.share < job->shares.n)
            status = write_share(job, &work, &slice, training);
        add_top(job, &work);
        memory_free(training);
        status = agree(job->comm, status);
    }
    sample_slice_clear(&slice);
    work_end(&work);
    return status;
}

enum status job_pass_samples(struct lineage_job *job)
{
    struct progress progress;
    struct line_reader reader = {.descriptor = -1};
    int64_t n_training = 0, mine = 0;
    enum status status = STATUS_OK;
    for (int64_t w = job->rank; w < job->windows.n; w += job->size)
        mine += job->ledger.use_start[job->windows.first[w + 1]] - job->ledger.use_start[job->windows.first[w]];
    progress_begin(&progress, job->show, "lineage, samples", "uses", mine * job->shares.n_pass,
                   job->ledger.use_start[job->ledger.n_step] * job->shares.n_pass);
    for (int64_t pass = 0; pass < job->shares.n_pass && status == STATUS_OK; pass++)
        status = take_pass(job, pass, &reader, &n_training, &progress);
    progress_end(&progress);
    line_reader_close(&reader);
    return status;
}
