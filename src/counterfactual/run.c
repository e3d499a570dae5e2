#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "counterfactual/catalogue.h"
#include "counterfactual/counterfactual.h"
#include "counterfactual/examples.h"
#include "counterfactual/flips.h"
#include "counterfactual/plan.h"
#include "counterfactual/validation.h"
#include "table/fingerprint.h"

/* All that one counterfactual job holds open. */
struct job {
    MPI_Comm comm;
    int rank;
    struct inquiry inquiry;
    struct scores scores_kept;
    const struct scores *scores; /* NULL: the run has none */
    struct scenarios scenarios;
    struct targets targets;
    struct slab slab;
    struct counterfactual_plan plan;
    struct ridge ridge_kept;
    const struct ridge *ridge; /* NULL: not asked for */
    struct changes changes;
    double scale;             /* of the scores */
    const char *scale_origin; /* where it comes from; NULL: scores are as they are */
    struct validation validation;
    struct examples examples;
    struct flips ridge_flips, network_flips;
    struct catalogue catalogue;
    struct table *table;
    char *path; /* of counterfactual.h5 */
    char fingerprint[65], influence[65];
    struct timespec begun; /* before anything was read */
    bool show;
};

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

static enum status open_scores(struct job *job, const char *run_directory)
{
    if (!job->inquiry.request->has_influence)
        return STATUS_OK;
    char *path = path_join(run_directory, "influence.h5");
    enum status status = agree(job->comm, scores_open(path, &job->inquiry, &job->scores_kept));
    memory_free(path);
    if (status != STATUS_OK)
        return status;
    job->scores = &job->scores_kept;
    hex_encode(job->scores->sha256, sizeof job->scores->sha256, job->influence);
    return STATUS_OK;
}

/* The levels there are: without any there is nothing to say. */
static enum status check_levels(const struct job *job)
{
    const struct counterfactual_config *config = job->inquiry.config;
    if (inquiry_has(&job->inquiry, NETWORK_LOGITS) && (job->scores == NULL || !job->scores->is_loss))
        return fail(BAD_CONFIG,
                    "counterfactual.network.logits: expected with scores in units of the loss, such as those "
                    "of the method tracin, found %s",
                    job->scores == NULL ? "no section influence" : "others in influence.h5");
    if (inquiry_has(&job->inquiry, NETWORK_LOGITS) && !(config->network.scale > 0) &&
        !(inquiry_has_truth(&job->inquiry) && config->truth.output == OUTPUT_LOSS))
        return fail(BAD_CONFIG, "counterfactual.network.scale: expected with network.logits, or truth.baseline with "
                                "losses: without either nobody knows how far a score moves a loss");
    if (config->top > 0 && job->scores != NULL && config->top > job->scores->top)
        return fail(BAD_CONFIG,
                    "counterfactual.top: expected at most the %lld that influence.keep.top keeps, found %lld",
                    (long long)job->scores->top, (long long)config->top);
    if (job->scores != NULL || inquiry_has(&job->inquiry, RIDGE_FEATURES))
        return STATUS_OK;
    return fail(BAD_CONFIG, "counterfactual.ridge.features: expected features to fit a ridge head on, or a section "
                            "influence, found neither");
}

/* Numbers only: what does not fit is refused before anything is read. */
static enum status make_plan(struct job *job)
{
    struct counterfactual_shape shape;
    int size;
    MPI_Comm_size(job->comm, &size);
    counterfactual_shape_of(&job->inquiry, size, &shape);
    shape.n_scenario = job->scenarios.n;
    shape.n_output = job->targets.n;
    shape.all_scores = job->scores != NULL && job->scores->all;
    return counterfactual_plan_make(&shape, &job->plan);
}

static enum status open_all(struct job *job, const char *run_directory)
{
    enum status status = open_scores(job, run_directory);
    if (status == STATUS_OK)
        status = check_levels(job);
    if (status == STATUS_OK)
        status = scenarios_make(job->comm, &job->inquiry, job->scores, &job->scenarios);
    return status;
}

/* What the result depends on, as far as it is known before features are read: config, records, scores. */
static void set_fingerprint(struct job *job, const char *config_text)
{
    struct text head;
    text_init(&head);
    text_add(&head, "counterfactual\n%s\n%lld samples, %lld queries, scores %s", config_text,
             (long long)job->inquiry.samples.n, (long long)job->inquiry.queries.n, job->influence);
    fingerprint_make(job->comm, head.bytes, &job->inquiry.segments, job->fingerprint);
    text_clear(&head);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* Every segment that the job will have used; rank 0 knows them.  @collective comm */
static enum status list_inputs(struct job *job, struct segment_list *list)
{
    enum status status = share_segments(job->comm, &job->inquiry.segments);
    if (status != STATUS_OK || job->rank != 0)
        return agree(job->comm, status);
    for (int64_t i = 0; i < job->inquiry.segments.n; i++)
        segments_add(list, &job->inquiry.segments.items[i]);
    status = inquiry_list(&job->inquiry, list);
    for (int64_t i = 0; i < list->n; i++) /* by place alone: some are listed twice */
        memset(list->items[i].sha256, 0, sizeof list->items[i].sha256);
    if (status == STATUS_OK)
        status = segments_sort(list);
    return agree(job->comm, status);
}

static enum status create_table(struct job *job)
{
    static const char *const outputs[] = {[OUTPUT_LOSS] = "loss", [OUTPUT_MARGIN] = "margin"};
    char lambda[32], scale[32];
    snprintf(lambda, sizeof lambda, "%.17g", job->inquiry.config->ridge.lambda);
    snprintf(scale, sizeof scale, "%.17g", job->scale);
    const struct table_attribute attributes[] = {
        {"title", "Assay: what would change without some training examples"},
        {"convention", "change = without the examples - with them; removing proponents raises a loss"},
        {"exactness ridge", job->ridge ? "exact: refits of the ridge head at the same lambda" : "not asked for"},
        {"exactness network",
         job->scores ? "first order: sums of influence scores; sets that flip a query are estimates" : "no scores"},
        {"lambda", job->ridge ? lambda : ""},
        {"influence", job->influence},
        {"network scale", job->scores ? scale : ""},
        {"network scale origin", job->scale_origin ? job->scale_origin : ""},
        {"left out", job->scenarios.left_out.bytes},
        {"truth output", inquiry_has_truth(&job->inquiry) ? outputs[job->inquiry.config->truth.output] : ""},
        {"fingerprint", job->fingerprint},
    };
    struct segment_list inputs;
    segments_init(&inputs);
    enum status status = list_inputs(job, &inputs);
    if (status == STATUS_OK)
        status = catalogue_create(job->comm, job->path, &job->catalogue, attributes,
                                  sizeof attributes / sizeof *attributes, &inputs, &job->table);
    segments_clear(&inputs);
    return status;
}

static bool has_ridge_flips(const struct job *job)
{
    return job->ridge != NULL && job->inquiry.config->flip_most > 0;
}

static void list_tables(struct job *job)
{
    catalogue_add_records(&job->catalogue, &job->inquiry, &job->scenarios);
    if (job->ridge != NULL)
        catalogue_add_ridge(&job->catalogue, &job->inquiry, &job->targets, job->ridge, &job->changes);
    if (job->scores != NULL)
        catalogue_add_network(&job->catalogue, job->scores->is_loss && job->scale_origin != NULL, &job->changes);
    if (has_ridge_flips(job)) {
        flips_init(job->inquiry.queries.n, job->inquiry.config->flip_most, &job->ridge_flips);
        flips_list_ridge(&job->catalogue, &job->ridge_flips);
    }
    if (inquiry_has(&job->inquiry, NETWORK_LOGITS)) {
        flips_init(job->inquiry.queries.n, job->inquiry.config->flip_most, &job->network_flips);
        flips_list_network(&job->catalogue, &job->network_flips);
    }
    if (inquiry_has_truth(&job->inquiry))
        validation_list(&job->catalogue, &job->validation);
}

/* ---- the work --------------------------------------------------------------------------------------------------- */

static enum status fit(struct job *job)
{
    enum status status = targets_find(job->comm, &job->inquiry, &job->targets);
    if (status != STATUS_OK)
        return status;
    slab_init(&job->inquiry, &job->targets, job->scores, &job->slab);
    status = agree(job->comm, make_plan(job));
    if (status == STATUS_OK && inquiry_has(&job->inquiry, RIDGE_FEATURES)) {
        status = ridge_fit(job->comm, &job->inquiry, &job->slab, &job->ridge_kept);
        job->ridge = status == STATUS_OK ? &job->ridge_kept : NULL;
    }
    return status;
}

/* First-order sums have no scale of their own: checkpoints stand for stretches of training. */
static void set_scale(struct job *job)
{
    const struct counterfactual_config *config = job->inquiry.config;
    bool judged = inquiry_has_truth(&job->inquiry) && job->scores != NULL && job->scores->all &&
                  config->truth.output == OUTPUT_LOSS && job->validation.slope[0] > 0;
    job->scale = config->network.scale > 0 ? config->network.scale : judged ? job->validation.slope[0] : 1;
    job->scale_origin = config->network.scale > 0 ? "counterfactual.network.scale"
                        : judged                  ? "slope against the models trained again"
                                                  : NULL;
    changes_scale(&job->changes, job->scale);
}

static enum status validate(struct job *job)
{
    if (!inquiry_has_truth(&job->inquiry))
        return STATUS_OK;
    enum status status =
        validation_make(job->comm, &job->slab, job->ridge, job->scores, &job->scenarios, &job->validation);
    if (status == STATUS_OK)
        validation_judge(job->inquiry.config, &job->validation);
    return status;
}

static enum status find_flips(struct job *job)
{
    enum status status = STATUS_OK;
    if (has_ridge_flips(job))
        status = flips_find_ridge(job->comm, &job->slab, job->ridge, &job->examples.ridge, &job->ridge_flips);
    if (status == STATUS_OK && inquiry_has(&job->inquiry, NETWORK_LOGITS))
        status = flips_find_network(job->comm, &job->inquiry, &job->examples.network, job->scale, &job->network_flips);
    return status;
}

static enum status write_table(struct job *job)
{
    enum status status = examples_walk(job->comm, &job->slab, job->ridge, job->scores, job->table, &job->examples);
    if (status == STATUS_OK)
        status = find_flips(job);
    if (status == STATUS_OK)
        status = agree_from(job->comm, 0, job->rank == 0 ? catalogue_write(&job->catalogue, job->table) : STATUS_OK);
    if (status == STATUS_OK)
        status = share_segments(job->comm, &job->inquiry.segments);
    if (status == STATUS_OK)
        status =
            agree_from(job->comm, 0, job->rank == 0 ? inputs_write(job->table, &job->inquiry.segments) : STATUS_OK);
    return status;
}

static enum status execute(struct job *job)
{
    enum status status = fit(job);
    if (status == STATUS_OK)
        status = changes_find(&(struct changes_request){.comm = job->comm,
                                                        .slab = &job->slab,
                                                        .scenarios = &job->scenarios,
                                                        .ridge = job->ridge,
                                                        .scores = job->scores,
                                                        .at_a_time = job->plan.at_a_time,
                                                        .show = job->show},
                              &job->changes);
    if (status == STATUS_OK)
        status = validate(job);
    if (status == STATUS_OK)
        status = inquiry_hash_rest(job->comm, &job->inquiry);
    if (status != STATUS_OK)
        return status;
    set_scale(job);
    list_tables(job);
    status = create_table(job);
    if (status == STATUS_OK)
        status = write_table(job);
    status = table_conclude(job->table, status);
    if (status == STATUS_OK && job->rank == 0)
        fingerprint_stamp(job->path, job->begun);
    return status;
}

static void job_clear(struct job *job)
{
    catalogue_clear(&job->catalogue);
    flips_clear(&job->network_flips);
    flips_clear(&job->ridge_flips);
    validation_clear(&job->validation);
    examples_clear(&job->examples);
    changes_clear(&job->changes);
    ridge_clear(&job->ridge_kept);
    if (job->slab.inquiry != NULL)
        slab_clear(&job->slab);
    targets_clear(&job->targets);
    scenarios_clear(&job->scenarios);
    scores_close(&job->scores_kept);
    memory_free(job->path);
    inquiry_close(&job->inquiry);
}

static int64_t count_retrained(const struct inquiry *inquiry)
{
    static const enum inquiry_tensor outputs[] = {TRUTH_SUBSET_OUTPUTS, TRUTH_LEAVE_ONE_OUT_OUTPUTS,
                                                  TRUTH_GROUP_OUTPUTS};
    int64_t n = 0;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        if (inquiry_has(inquiry, outputs[i]))
            n += tensor_rows(inquiry->tensors[outputs[i]]) * tensor_columns(inquiry->tensors[outputs[i]]) /
                 inquiry->queries.n;
    return n;
}

enum status counterfactual_run(MPI_Comm comm, const struct inquiry_request *request, const char *run_directory,
                               const char *config_text, bool show_progress, struct counterfactual_outcome *outcome)
{
    struct job job = {.comm = comm, .show = show_progress};
    clock_gettime(CLOCK_REALTIME, &job.begun);
    MPI_Comm_rank(comm, &job.rank);
    *outcome = (struct counterfactual_outcome){0};
    enum status status = inquiry_open(comm, request, &job.inquiry);
    if (status != STATUS_OK)
        return status;
    catalogue_init(&job.catalogue);
    job.path = path_join(run_directory, "counterfactual.h5");
    status = open_all(&job, run_directory);
    if (status == STATUS_OK) {
        set_fingerprint(&job, config_text);
        int unchanged = job.rank == 0 && fingerprint_stands(job.path, request->directory, job.fingerprint);
        MPI_Bcast(&unchanged, 1, MPI_INT, 0, comm);
        outcome->unchanged = unchanged;
        outcome->ridge = inquiry_has(&job.inquiry, RIDGE_FEATURES);
        outcome->network = job.scores != NULL;
        outcome->n_scenario = job.scenarios.n;
        outcome->n_query = job.inquiry.queries.n;
        outcome->n_train = job.inquiry.samples.n;
        outcome->n_retrained = inquiry_has_truth(&job.inquiry) ? count_retrained(&job.inquiry) : 0;
        if (!unchanged)
            status = execute(&job);
    }
    job_clear(&job);
    return status;
}
