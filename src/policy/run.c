#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "policy/policy.h"
#include "policy/problem_plan.h"
#include "policy/small_gram.h"
#include "policy/tables.h"
#include "table/fingerprint.h"

/* All that one policy job holds open. */
struct job {
    MPI_Comm comm;
    int rank;
    struct problem problem;
    struct policy_shape shape;
    struct policy_plan plan;
    struct behaviour behaviour;
    struct features features;
    double *small; /* owned; what pairs are measured from, and the dual system; NULL without either */
    struct model model;
    struct gaps gaps;
    struct table *table;
    char *path; /* of policy.h5 */
    char fingerprint[65];
    struct timespec begun; /* before anything was read */
    bool show;
};

/* What the result depends on, as far as it is known before features are read: config and records. */
static void set_fingerprint(struct job *job, const char *config_text)
{
    struct text head;
    text_init(&head);
    text_add(&head, "policy\n%s\n%lld probes, %lld features, %lld pairs", config_text, (long long)job->problem.probes.n,
             (long long)job->problem.n_feature, (long long)(job->problem.pairs ? pairs_count(job->problem.pairs) : 0));
    fingerprint_make(job->comm, head.bytes, &job->problem.segments, job->fingerprint);
    text_clear(&head);
}

static enum status read_inputs(struct job *job)
{
    struct segment_list *segments = &job->problem.segments;
    enum status status = behaviour_read(job->comm, &job->problem, segments, &job->behaviour);
    if (status == STATUS_OK)
        status = features_read(job->comm, &job->problem, &job->shape, &job->plan, segments, &job->features);
    return status == STATUS_OK ? problem_hash_rest(job->comm, &job->problem) : status;
}

/* ---- the policy ------------------------------------------------------------------------------------------------- */

static enum status fit_policy(struct job *job)
{
    const struct policy_config *config = job->problem.config;
    if (!job->plan.primal)
        job->small = small_gram_rows(job->comm, &job->features.all);
    struct fit *fit = fit_create(&(struct fit_request){.comm = job->comm,
                                                       .features = &job->features,
                                                       .behaviour = &job->behaviour,
                                                       .plan = &job->plan,
                                                       .config = config,
                                                       .small = job->small,
                                                       .show = job->show});
    enum status status = model_make(fit, &job->behaviour, config, job->features.n_feature, &job->model);
    fit_destroy(fit);
    if (status == STATUS_OK)
        status = gaps_find(job->comm, config, &job->problem.probes, &job->features, job->behaviour.value,
                           &job->model.solution, &job->gaps);
    features_clear_parts(&job->features);
    if (status == STATUS_OK && job->plan.primal && job->problem.pairs != NULL)
        job->small = small_gram_columns(job->comm, &job->features.all);
    return status;
}

struct strength {
    int64_t feature;
    double value;
};

static int compare_strengths(const void *a, const void *b)
{
    const struct strength *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? 1 : -1;
    return (left->feature > right->feature) - (left->feature < right->feature);
}

/* Of every behaviour the n features with the largest |w| · deviation, ties to the lower one.  The caller owns them. */
static int64_t *find_watched(const struct job *job, int64_t n)
{
    const struct solution *solution = &job->model.solution;
    int64_t m = solution->n_feature;
    struct strength *all = memory_allocate(m, sizeof *all);
    int64_t *watched = memory_allocate(solution->n_behaviour * n, sizeof *watched);
    for (int64_t b = 0; b < solution->n_behaviour; b++) {
        for (int64_t j = 0; j < m; j++)
            all[j] = (struct strength){j, fabs(solution->coefficient[b * m + j]) * job->features.deviation[j]};
        qsort(all, (size_t)m, sizeof *all, compare_strengths);
        for (int64_t k = 0; k < n; k++)
            watched[b * n + k] = all[k].feature;
    }
    memory_free(all);
    return watched;
}

static enum status measure_pairs(struct job *job)
{
    struct pairs *pairs = job->problem.pairs;
    if (pairs == NULL)
        return STATUS_OK;
    int64_t *watched = find_watched(job, pairs_watched(pairs));
    struct shift_base base = {.dual = !job->plan.primal,
                              .x = &job->features.all,
                              .y = job->behaviour.value,
                              .small = job->small,
                              .n_behaviour = job->behaviour.n,
                              .lambda = job->model.solution.lambda,
                              .deviation = job->features.deviation};
    struct pairs_output output = {
        .table = job->table, .segments = &job->problem.segments, .watched = watched, .show = job->show};
    enum status status = pairs_run(job->comm, pairs, &base, &output);
    memory_free(watched);
    return status;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* Every segment that the job will have used, those of pairs without their digests; rank 0 knows them.
 * @collective comm */
static enum status list_inputs(struct job *job, struct segment_list *list)
{
    enum status status = share_segments(job->comm, &job->problem.segments);
    if (status != STATUS_OK || job->rank != 0)
        return agree(job->comm, status);
    for (int64_t i = 0; i < job->problem.segments.n; i++)
        segments_add(list, &job->problem.segments.items[i]);
    if (job->problem.pairs != NULL)
        status = pairs_list_segments(job->problem.pairs, list);
    for (int64_t i = 0; i < list->n; i++) /* by place alone: some may be listed twice */
        memset(list->items[i].sha256, 0, sizeof list->items[i].sha256);
    if (status == STATUS_OK)
        status = segments_sort(list);
    return agree(job->comm, status);
}

static enum status begin_table(struct job *job, const struct findings *findings)
{
    struct segment_list inputs;
    segments_init(&inputs);
    enum status status = list_inputs(job, &inputs);
    if (status == STATUS_OK)
        status = policy_tables_create(job->comm, job->path, findings, &inputs, &job->table);
    segments_clear(&inputs);
    return status;
}

static enum status write_table(struct job *job, const struct findings *findings)
{
    enum status status =
        agree_from(job->comm, 0, job->rank == 0 ? policy_tables_write(job->table, findings) : STATUS_OK);
    if (status == STATUS_OK)
        status = measure_pairs(job);
    if (status == STATUS_OK)
        status = share_segments(job->comm, &job->problem.segments);
    if (status == STATUS_OK)
        status =
            agree_from(job->comm, 0, job->rank == 0 ? inputs_write(job->table, &job->problem.segments) : STATUS_OK);
    return status;
}

static enum status execute(struct job *job)
{
    enum status status = read_inputs(job);
    if (status == STATUS_OK)
        status = fit_policy(job);
    if (status != STATUS_OK)
        return status;
    struct findings findings = {.problem = &job->problem,
                                .features = &job->features,
                                .model = &job->model,
                                .gaps = &job->gaps,
                                .primal = job->plan.primal,
                                .fingerprint = job->fingerprint};
    status = begin_table(job, &findings);
    if (status == STATUS_OK)
        status = write_table(job, &findings);
    status = table_conclude(job->table, status);
    if (status == STATUS_OK && job->rank == 0)
        fingerprint_stamp(job->path, job->begun);
    return status;
}

static void job_clear(struct job *job)
{
    gaps_clear(&job->gaps);
    model_clear(&job->model);
    memory_free(job->small);
    features_clear(&job->features);
    behaviour_clear(&job->behaviour);
    memory_free(job->path);
    problem_close(&job->problem);
}

enum status policy_run(MPI_Comm comm, const struct problem_request *request, const char *run_directory,
                       const char *config_text, bool show_progress, struct policy_outcome *outcome)
{
    struct job job = {.comm = comm, .show = show_progress};
    int size;
    clock_gettime(CLOCK_REALTIME, &job.begun);
    MPI_Comm_rank(comm, &job.rank);
    MPI_Comm_size(comm, &size);
    *outcome = (struct policy_outcome){0};
    enum status status = problem_open(comm, request, &job.problem);
    if (status != STATUS_OK)
        return status;
    problem_shape(&job.problem, size, &job.shape);
    job.path = path_join(run_directory, "policy.h5");
    status = agree(comm, policy_plan_make(&job.shape, &job.plan));
    *outcome = (struct policy_outcome){.primal = job.plan.primal,
                                       .n_probe = job.problem.probes.n,
                                       .n_feature = job.problem.n_feature,
                                       .n_behaviour = request->policy->behaviours.n,
                                       .n_pair = job.problem.pairs ? pairs_count(job.problem.pairs) : 0};
    if (status == STATUS_OK) {
        set_fingerprint(&job, config_text);
        int unchanged = job.rank == 0 && fingerprint_stands(job.path, request->directory, job.fingerprint);
        MPI_Bcast(&unchanged, 1, MPI_INT, 0, comm);
        outcome->unchanged = unchanged;
        if (!unchanged)
            status = execute(&job);
        outcome->lambda = job.model.solution.lambda;
    }
    job_clear(&job);
    return status;
}
