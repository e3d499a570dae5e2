/* Steps in windows: each rank reads, checks and writes its own. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "lineage/conservation.h"
#include "lineage/job.h"
#include "lineage/rows.h"

static enum status write_chunk(const struct lineage_job *job, const struct chunk *chunk)
{
    const struct ledger *ledger = &job->ledger;
    int64_t step = chunk->first, use = ledger->use_start[step], contribution = ledger->contribution_start[step];
    int64_t detail = ledger->detail_start[step], optimizer = ledger->optimizer_start[step];
    int64_t n_contribution = chunk->n_contribution;
    const struct rows rows[] = {
        {"/steps/learning_rate", chunk->rates, step, chunk->n_step},
        {"/steps/loss", chunk->losses, step, chunk->n_step},
        {"/uses/sample", chunk->samples, use, chunk->n_use},
        {"/uses/loss", chunk->use_losses, use, chunk->n_use},
        {"/uses/weight", chunk->use_weights, use, chunk->n_use},
        {"/contributions/step", chunk->step, contribution, n_contribution},
        {"/contributions/group", chunk->group, contribution, n_contribution},
        {"/contributions/delta_norm", chunk->delta_norm, contribution, n_contribution},
        {"/contributions/residual", chunk->residual, contribution, n_contribution},
        {"/contributions/rounding", chunk->rounding, contribution, n_contribution},
        {"/contributions/share_sum", chunk->share_sum, contribution, n_contribution},
        {"/contributions/conditional", chunk->conditional, contribution, n_contribution},
        {"/contributions/use_start", chunk->detail_start, contribution, n_contribution},
        {"/contribution_uses/norm", chunk->norms, detail, chunk->n_detail},
        {"/contribution_uses/share", chunk->shares, detail, chunk->n_detail},
        {"/optimizer/contribution", chunk->optimizer_contribution, optimizer, chunk->n_optimizer},
        {"/optimizer/kind", chunk->optimizer_kind, optimizer, chunk->n_optimizer},
        {"/optimizer/norm", chunk->optimizer_norm, optimizer, chunk->n_optimizer},
        {"/optimizer/share", chunk->optimizer_share, optimizer, chunk->n_optimizer}};
    return rows_write(job->table, rows, sizeof rows / sizeof *rows);
}

/* Where recorders counted lines that the file does not have: one finding per use. */
static void find_unknown(struct lineage_job *job, const struct chunk *chunk)
{
    const struct ledger *ledger = &job->ledger;
    int64_t most = job->tally.n_sample;
    for (int64_t i = chunk->first; i < chunk->end && job->tally.n_unknown > 0; i++)
        for (int64_t u = ledger->use_start[i]; u < ledger->use_start[i + 1]; u++) {
            int64_t sample = chunk->samples[u - ledger->use_start[chunk->first]];
            if (sample < most)
                continue;
            struct finding finding = finding_of(FOUND_UNKNOWN_SAMPLE);
            finding.step = ledger->steps[i].step;
            finding.process = ledger->steps[i].process;
            finding.sample = sample;
            finding_say(&finding, "step %lld uses sample %lld, and the samples file has %lld lines",
                        (long long)finding.step, (long long)sample, (long long)most);
            finding_list_add(&job->findings, &finding);
        }
}

static int compare_samples(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Of one step: the samples of the published order against those that all processes recorded. */
static void compare_step(struct lineage_job *job, const struct chunk *chunk, int64_t first, int64_t end,
                         const int64_t *row, int64_t *scratch)
{
    const struct ledger *ledger = &job->ledger;
    int64_t n = 0, width = job->order.width, n_order = order_count(row, width);
    int64_t *ordered = scratch, *recorded = scratch + width;
    memcpy(ordered, row, (size_t)n_order * sizeof *row);
    for (int64_t i = first; i < end; i++)
        for (int64_t u = ledger->use_start[i]; u < ledger->use_start[i + 1] && !ledger->steps[i].superseded; u++)
            recorded[n++] = chunk->samples[u - ledger->use_start[chunk->first]];
    qsort(ordered, (size_t)n_order, sizeof *ordered, compare_samples);
    qsort(recorded, (size_t)n, sizeof *recorded, compare_samples);
    int64_t a = 0, b = 0, same = 0;
    while (a < n_order && b < n) {
        if (ordered[a] == recorded[b]) {
            same++;
            a++;
            b++;
        } else if (ordered[a] < recorded[b]) {
            a++;
        } else {
            b++;
        }
    }
    if (same == n_order && same == n)
        return;
    struct finding finding = finding_of(FOUND_ORDER_DIFFERS);
    finding.step = ledger->steps[first].step;
    finding.size = (double)(n_order + n - 2 * same);
    finding_say(&finding,
                "step %lld: the order names %lld samples that were not recorded, %lld were used and not named",
                (long long)finding.step, (long long)(n_order - same), (long long)(n - same));
    finding_list_add(&job->findings, &finding);
}

static enum status compare_order(struct lineage_job *job, const struct chunk *chunk)
{
    const struct ledger *ledger = &job->ledger;
    if (job->order.tensor == NULL || job->files.n == 0)
        return STATUS_OK;
    int64_t *row = memory_allocate_raw(job->order.width, sizeof *row);
    int64_t *scratch = memory_allocate_raw(job->order.width + chunk->n_use, sizeof *scratch);
    enum status status = STATUS_OK;
    for (int64_t i = chunk->first, next; i < chunk->end && status == STATUS_OK; i = next) {
        for (next = i; next < chunk->end && ledger->steps[next].step == ledger->steps[i].step;)
            next++;
        if (ledger->steps[i].step < job->order.n_step)
            status = order_read(&job->order, ledger->steps[i].step, 1, row, NULL);
        else
            for (int64_t k = 0; k < job->order.width; k++)
                row[k] = -1;
        if (status == STATUS_OK)
            compare_step(job, chunk, i, next, row, scratch);
    }
    memory_free(scratch);
    memory_free(row);
    return status;
}

static enum status take_window(struct lineage_job *job, int64_t w)
{
    struct chunk chunk;
    enum status status = job_check_stop();
    if (status != STATUS_OK)
        return status;
    status = chunk_read(&job->sources, job->windows.first[w], job->windows.first[w + 1], &chunk);
    if (status == STATUS_OK) {
        conservation_check(&job->ledger, job->config, &chunk, &job->findings);
        find_unknown(job, &chunk);
        status = compare_order(job, &chunk);
    }
    if (status == STATUS_OK)
        status = write_chunk(job, &chunk);
    chunk_clear(&chunk);
    return status;
}

enum status job_pass_steps(struct lineage_job *job)
{
    struct progress progress;
    enum status status = STATUS_OK;
    const struct ledger *ledger = &job->ledger;
    int64_t n = job->windows.n, mine = 0;
    for (int64_t w = job->rank; w < n; w += job->size)
        mine += ledger->use_start[job->windows.first[w + 1]] - ledger->use_start[job->windows.first[w]];
    progress_begin(&progress, job->show, "lineage, steps", "uses", mine, ledger->use_start[ledger->n_step]);
    for (int64_t w = job->rank; w < n && status == STATUS_OK; w += job->size) {
        status = take_window(job, w);
        progress_add(&progress,
                     ledger->use_start[job->windows.first[w + 1]] - ledger->use_start[job->windows.first[w]]);
    }
    progress_end(&progress);
    return agree(job->comm, status);
}
