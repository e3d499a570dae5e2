#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "mechanism/mechanism.h"
#include "mechanism/policy_effect.h"
#include "mechanism/scene_parts.h"
#include "mechanism/tables.h"
#include "table/fingerprint.h"

/* All that one mechanism job holds open. */
struct job {
    MPI_Comm comm;
    int rank;
    struct scene scene;
    struct links links; /* on rank 0 */
    struct resample resample;
    struct effects effects[N_INTERVENTION];
    struct interference interference;
    struct recomposition recomposition;
    struct baselines baselines;
    struct remainder remainder;               /* on rank 0 */
    double *policy_effect, *policy_agreement; /* owned */
    char *path;                               /* of mechanism.h5 */
    char fingerprint[65];
    struct timespec begun; /* before anything was read */
};

/* From other tables of the run; rank 0 reads them for all. */
static enum status make_links(struct job *job)
{
    const struct mechanism_config *config = job->scene.config;
    char *queries = NULL;
    size_t n = 0;
    enum status status = STATUS_OK;
    if (config->links.queries != NULL)
        status = share_load(job->comm, job->scene.request->directory, config->links.queries, SCENE_RECORD_LIMIT,
                            &queries, &n, &job->scene.segments);
    if (status == STATUS_OK)
        status =
            agree_from(job->comm, 0, job->rank == 0 ? links_make(&job->scene, queries, n, &job->links) : STATUS_OK);
    memory_free(queries);
    return status;
}

/* What the result depends on, as far as it is known before measurements are read: config, records, other tables. */
static void set_fingerprint(struct job *job, const char *config_text)
{
    struct text head;
    char policy[65], links[65] = "";
    text_init(&head);
    hex_encode(job->scene.policy.digest, DIGEST_BYTES, policy);
    if (job->rank == 0)
        links_digest(&job->links, links);
    text_add(&head, "mechanism\n%s\npolicy %s\nlinks %s", config_text, policy, links);
    fingerprint_make(job->comm, head.bytes, &job->scene.segments, job->fingerprint);
    text_clear(&head);
}

static enum status measure(struct job *job)
{
    const struct mechanism_config *config = job->scene.config;
    resample_init(&job->resample, config->seed, job->scene.n_probe, config->resamples, config->confidence);
    enum status status = STATUS_OK;
    for (int v = 0; v < N_INTERVENTION && status == STATUS_OK; v++)
        status = effects_measure(job->comm, &job->scene, v, &job->resample, &job->effects[v]);
    if (status == STATUS_OK)
        status = interference_measure(job->comm, &job->scene, &job->resample, &job->interference);
    if (status == STATUS_OK)
        status = recomposition_make(job->comm, &job->scene, &job->recomposition);
    if (status == STATUS_OK)
        status = baselines_make(job->comm, &job->scene, &job->baselines);
    return status == STATUS_OK ? scene_hash_rest(job->comm, &job->scene) : status;
}

static struct measured measured_of(const struct job *job)
{
    return (struct measured){&job->scene, job->effects, &job->interference, &job->recomposition, &job->baselines};
}

/* Setting to zero is what the policy foresees; where that was not measured, the main intervention stands for it. */
static void foresee(struct job *job)
{
    const struct scene *scene = &job->scene;
    const struct effects *zero = &job->effects[INTERVENTION_ZERO];
    job->policy_effect = memory_allocate(scene->n_behaviour * scene->parts.n, sizeof *job->policy_effect);
    job->policy_agreement = memory_allocate(scene->n_behaviour, sizeof *job->policy_agreement);
    policy_effect_find(scene, zero->there ? zero : &job->effects[scene->config->main], job->policy_effect,
                       job->policy_agreement);
}

static enum status write_table(struct job *job)
{
    struct measured measured = measured_of(job);
    if (job->rank == 0)
        remainder_find(&measured, &job->remainder);
    const struct mechanism_answer answer = {measured,        job->policy_effect, job->policy_agreement,
                                            &job->remainder, &job->links,        job->fingerprint};
    struct outputs outputs = {0};
    struct table *table = NULL;
    char *bytes;
    if (job->rank == 0)
        mechanism_tables_list(&answer, &outputs);
    outputs_share(job->comm, &outputs, &bytes);
    const struct segment_list *segments = &job->scene.segments;
    enum status status = mechanism_tables_create(job->comm, job->path, &answer, &outputs, segments, &table);
    if (status == STATUS_OK && job->rank == 0)
        status = outputs_write(table, &outputs);
    if (status == STATUS_OK && job->rank == 0)
        status = inputs_write(table, segments);
    status = table_conclude(table, agree(job->comm, status));
    outputs_clear(&outputs);
    memory_free(bytes);
    return status;
}

static enum status execute(struct job *job)
{
    enum status status = measure(job);
    if (status == STATUS_OK)
        status = share_segments(job->comm, &job->scene.segments);
    if (status != STATUS_OK)
        return status;
    foresee(job);
    status = write_table(job);
    if (status == STATUS_OK && job->rank == 0)
        fingerprint_stamp(job->path, job->begun);
    return status;
}

static void job_clear(struct job *job)
{
    remainder_clear(&job->remainder);
    memory_free(job->policy_effect);
    memory_free(job->policy_agreement);
    baselines_clear(&job->baselines);
    recomposition_clear(&job->recomposition);
    interference_clear(&job->interference);
    for (int v = 0; v < N_INTERVENTION; v++)
        effects_clear(&job->effects[v]);
    resample_clear(&job->resample);
    links_clear(&job->links);
    memory_free(job->path);
    scene_close(&job->scene);
}

static int64_t count_localised(const struct job *job)
{
    const struct effects *effects = &job->effects[job->scene.config->main];
    int64_t n = 0;
    for (int64_t p = 0; p < effects->n_part; p++) {
        bool any = false;
        for (int64_t b = 0; b < effects->n_behaviour; b++)
            any = any || effects_field(effects, EFFECT_LOCALISED)[b * effects->n_part + p] > 0;
        n += any;
    }
    return n;
}

enum status mechanism_run(MPI_Comm comm, const struct mechanism_request *request, const char *config_text,
                          struct mechanism_outcome *outcome)
{
    struct job job = {.comm = comm};
    clock_gettime(CLOCK_REALTIME, &job.begun);
    MPI_Comm_rank(comm, &job.rank);
    *outcome = (struct mechanism_outcome){0};
    enum status status = scene_open(comm, request, &job.scene);
    if (status != STATUS_OK)
        return status;
    job.path = path_join(request->run_directory, "mechanism.h5");
    *outcome = (struct mechanism_outcome){.network = job.scene.network,
                                          .n_part = job.scene.parts.n,
                                          .n_probe = job.scene.n_probe,
                                          .n_behaviour = job.scene.n_behaviour};
    status = make_links(&job);
    if (status == STATUS_OK) {
        set_fingerprint(&job, config_text);
        int unchanged = job.rank == 0 && fingerprint_stands(job.path, request->directory, job.fingerprint);
        MPI_Bcast(&unchanged, 1, MPI_INT, 0, comm);
        outcome->unchanged = unchanged;
        if (!unchanged)
            status = execute(&job);
        if (status == STATUS_OK && !unchanged)
            outcome->n_localised = count_localised(&job);
    }
    job_clear(&job);
    return status;
}
