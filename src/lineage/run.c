#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "lineage/gate.h"
#include "lineage/job.h"
#include "records/survey.h"
#include "table/fingerprint.h"

/* What the result depends on, as far as it is known before anything is read: the config, and which files there are, how
 * large and how old. */
static void set_fingerprint(struct lineage_job *job, const char *config_text)
{
    struct text head;
    struct segment_list none;
    text_init(&head);
    segments_init(&none);
    text_add(&head, "lineage 2\n%s\n", config_text);
    for (int64_t i = 0; i < job->files.n; i++)
        text_add(&head, "%s %lld %lld\n", job->files.items[i], (long long)job->files.marks[i].bytes,
                 (long long)job->files.logs[i].bytes);
    fingerprint_make(job->comm, head.bytes, &none, job->fingerprint);
    text_clear(&head);
}

static bool is_unchanged(struct lineage_job *job)
{
    int unchanged = job->rank == 0 && fingerprint_stands(job->path, job->request->directory, job->fingerprint);
    MPI_Bcast(&unchanged, 1, MPI_INT, 0, job->comm);
    return unchanged != 0;
}

/* ---- what is open ------------------------------------------------------------------------------------------------ */

static enum status open_policies(struct lineage_job *job)
{
    if (job->config->policies == NULL)
        return STATUS_OK;
    enum status status =
        policies_open(job->comm, job->request->directory, job->config->policies, &job->segments, &job->policies);
    if (status == STATUS_OK)
        sample_lines_decide(&job->lines, job->policies);
    return status;
}

static enum status open_inputs(struct lineage_job *job)
{
    enum status status = open_policies(job);
    if (status != STATUS_OK)
        return status;
    status = samples_open(job->comm, job->request->directory, &job->lines.open, job->config->memory / 2,
                          &job->lines.samples, &job->segments);
    if (status != STATUS_OK)
        return status;
    tally_init(&job->tally, job->lines.samples.n_record);
    if (job->config->order != NULL)
        status = agree(job->comm, order_open(job->request->directory, job->config->order, &job->order));
    if (status == STATUS_OK)
        status = record_files_hash(job->comm, job->request, &job->files, &job->segments);
    return status;
}

static void set_shape(const struct lineage_job *job, struct lineage_shape *shape)
{
    const struct ledger *ledger = &job->ledger;
    *shape = (struct lineage_shape){.n_rank = job->size,
                                    .memory = job->config->memory,
                                    .n_sample = job->tally.n_sample,
                                    .n_step = ledger->n_step,
                                    .n_use = ledger->use_start[ledger->n_step],
                                    .n_event = ledger->n_event + ledger->n_observation,
                                    .n_event_use = ledger->event_start[ledger->n_event],
                                    .n_observed = ledger->observation_start[ledger->n_observation],
                                    .n_group = ledger->groups.n,
                                    .n_column = job->lines.open.group_by.n,
                                    .id_bytes = job->lines.samples.id_bytes,
                                    .reader_bytes = 2 * job->lines.samples.pieces.piece_bytes,
                                    .n_detail = ledger->detail_start[ledger->n_step],
                                    .has_losses = ledger->has_losses,
                                    .has_weights = ledger->has_weights};
    struct windows windows;
    windows_of_steps(ledger, 1, &windows); /* one window for each step number */
    shape->largest_step = windows.largest;
    windows_clear(&windows);
    for (int64_t i = 0; i < ledger->n_event; i++)
        if (event_bytes(&ledger->events[i]) > shape->largest_step)
            shape->largest_step = event_bytes(&ledger->events[i]);
    for (int64_t i = 0; i < ledger->n_observation; i++)
        if (observation_bytes(&ledger->observations[i]) > shape->largest_step)
            shape->largest_step = observation_bytes(&ledger->observations[i]);
}

/* Windows and shares: enough of them for all ranks, and none larger than a rank may hold. */
static enum status divide(struct lineage_job *job)
{
    struct lineage_shape shape;
    set_shape(job, &shape);
    enum status status = agree(job->comm, lineage_plan_make(&shape, &job->plan));
    if (status != STATUS_OK)
        return status;
    if (shape.n_event_use > UINT32_MAX || shape.n_step > UINT32_MAX)
        return fail(CANNOT_FIT, "lineage: expected at most 2^32 events of samples and steps, found %lld and %lld",
                    (long long)shape.n_event_use, (long long)shape.n_step);
    const int64_t worth_it = 1 << 16;
    int64_t all = 0;
    for (int64_t i = 0; i < shape.n_step; i++)
        all += step_bytes(&job->ledger, i);
    int64_t even = all / (2 * job->size) > worth_it ? all / (2 * job->size) : worth_it;
    windows_of_steps(&job->ledger, even < job->plan.window_bytes ? even : job->plan.window_bytes, &job->windows);
    windows_of_events(&job->ledger, job->plan.window_bytes, &job->event_windows);
    int64_t observed = 0;
    for (int64_t i = 0; i < job->ledger.n_observation; i++)
        observed += observation_bytes(&job->ledger.observations[i]);
    even = observed / (2 * job->size) > worth_it ? observed / (2 * job->size) : worth_it;
    windows_of_observations(&job->ledger, even < job->plan.window_bytes ? even : job->plan.window_bytes,
                            &job->observation_windows);
    struct share_costs costs = {job->plan.sample_bytes, job->plan.use_bytes, job->plan.event_bytes};
    shares_make(&job->tally, &costs, job->size, job->plan.share_bytes, &job->shares);
    if (job->shares.largest > 2 * job->plan.share_bytes && job->shares.largest > job->config->memory)
        return fail(CANNOT_FIT,
                    "lineage.memory: expected %lld bytes per rank for the samples that were used most, found %lld",
                    (long long)job->shares.largest, (long long)job->config->memory);
    return STATUS_OK;
}

/* ---- the job ----------------------------------------------------------------------------------------------------- */

static enum status read_inputs(struct lineage_job *job)
{
    enum status status = open_inputs(job);
    if (status == STATUS_OK)
        status = job_read_record(job);
    if (status == STATUS_OK)
        status = share_segments(job->comm, &job->segments);
    return status == STATUS_OK ? divide(job) : status;
}

static enum status execute(struct lineage_job *job, int64_t *n_violation)
{
    enum status status = read_inputs(job);
    if (status != STATUS_OK)
        return status;
    sources_open(&job->ledger, job->request->directory, job->order.tensor != NULL ? &job->order : NULL, &job->sources);
    judge_init(&job->ledger, job->config, &job->lines, &job->findings, &job->judge);
    if (job->policies != NULL)
        gate_map_make(&job->ledger, job->policies, job->rank == 0 ? &job->findings : NULL, &job->judge.gate);
    contributors_init(&job->top, job->ledger.groups.n, job->config->keep_top);
    status = job_begin_table(job);
    if (status == STATUS_OK)
        status = job_pass_steps(job);
    if (status == STATUS_OK)
        status = job_pass_events(job);
    if (status == STATUS_OK)
        status = job_pass_samples(job);
    sources_close(&job->sources); /* before the files are looked at again */
    if (status == STATUS_OK)
        status =
            agree_from(job->comm, 0, job->rank == 0 ? record_files_unchanged(job->request, &job->files) : STATUS_OK);
    status = job_end_table(job, status, n_violation);
    if (status == STATUS_OK && job->rank == 0)
        fingerprint_stamp(job->path, job->begun);
    return status;
}

static void job_init(MPI_Comm comm, const struct lineage_request *request, const char *run_directory, bool show,
                     struct lineage_job *job)
{
    *job = (struct lineage_job){.comm = comm, .request = request, .config = request->lineage, .show = show};
    clock_gettime(CLOCK_REALTIME, &job->begun);
    MPI_Comm_rank(comm, &job->rank);
    MPI_Comm_size(comm, &job->size);
    job->path = path_join(run_directory, "lineage.h5");
    sample_lines_init(request->samples, &job->lines);
    segments_init(&job->segments);
    ledger_init(&job->ledger);
    finding_list_init(&job->findings, request->lineage->keep_findings);
}

static void job_clear(struct lineage_job *job)
{
    if (job->judge.ledger != NULL)
        judge_clear(&job->judge);
    contributors_clear(&job->top);
    shares_clear(&job->shares);
    windows_clear(&job->windows);
    windows_clear(&job->event_windows);
    windows_clear(&job->observation_windows);
    sources_close(&job->sources);
    finding_list_clear(&job->findings);
    ledger_clear(&job->ledger);
    tally_clear(&job->tally);
    order_close(&job->order);
    segments_clear(&job->segments);
    sample_lines_clear(&job->lines);
    policies_close(job->policies);
    record_files_clear(&job->files);
    memory_free(job->path);
}

enum status lineage_run(MPI_Comm comm, const struct lineage_request *request, const char *run_directory,
                        const char *config_text, bool show_progress, struct lineage_outcome *outcome)
{
    struct lineage_job job;
    *outcome = (struct lineage_outcome){0};
    job_init(comm, request, run_directory, show_progress, &job);
    enum status status = record_files_find(comm, request, &job.files);
    if (status == STATUS_OK) {
        set_fingerprint(&job, config_text);
        outcome->unchanged = is_unchanged(&job);
        if (!outcome->unchanged)
            status = execute(&job, &outcome->n_violation);
        else
            status =
                agree_from(comm, 0, job.rank == 0 ? lineage_violations(job.path, &outcome->n_violation) : STATUS_OK);
        MPI_Bcast(&outcome->n_violation, 1, MPI_INT64_T, 0, comm);
        outcome->n_recorder = job.files.n;
        outcome->n_step = job.ledger.n_step;
        outcome->n_use = job.ledger.use_start != NULL ? job.ledger.use_start[job.ledger.n_step] : 0;
        outcome->n_sample = job.tally.n_sample;
    }
    job_clear(&job);
    return status;
}
