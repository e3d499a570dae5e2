#include "mechanism/scene.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/share.h"
#include "mechanism/scene_parts.h"
#include "records/lines.h"
#include "records/ranks.h"

/* ---- records ---------------------------------------------------------------------------------------------------- */

static enum status take_probes(struct scene *scene, const char *bytes, size_t n)
{
    const struct mechanism_config *config = scene->config;
    enum status status = probes_parse(config->probes, &config->behaviours, bytes, n, &scene->probes);
    if (status != STATUS_OK)
        return status;
    scene->n_probe = scene->probes.n;
    scene->n_behaviour = config->behaviours.n;
    scene->n_category = scene->probes.n_category;
    scene->probe_ids = scene->probes.ids;
    scene->id_bytes = scene->probes.id_bytes;
    scene->category = scene->probes.category;
    scene->categories = scene->probes.categories;
    scene->behaviours = config->behaviours.items;
    scene->probability = config->behaviour_kind == OUTCOME_PROBABILITY;
    return STATUS_OK;
}

static enum status take_parts(struct scene *scene, const char *bytes, size_t n)
{
    return parts_parse(scene->config->parts, &scene->config->kinds, bytes, n, &scene->parts);
}

static enum status take_pairs(struct scene *scene, const char *bytes, size_t n)
{
    return scene_parse_pairs(scene, bytes, n);
}

/* The same bytes on every rank, and so the same verdict; alone without MPI.  @collective */
static enum status take_record(const struct ranks *ranks, struct scene *scene, const char *file,
                               enum status (*take)(struct scene *scene, const char *bytes, size_t n))
{
    char *bytes = NULL;
    size_t n;
    const char *directory = scene->request->directory;
    enum status status;
    if (ranks->comm != MPI_COMM_NULL) {
        status = share_file(ranks->comm, directory, file, SCENE_RECORD_LIMIT, &bytes, &n, &scene->segments);
    } else {
        char *path = path_join(directory, file);
        status = file_load(path, SCENE_RECORD_LIMIT, &bytes, &n);
        memory_free(path);
        if (status != STATUS_OK)
            return status;
    }
    if (status == STATUS_OK)
        status = ranks_agree(ranks, take(scene, bytes, n));
    memory_free(bytes);
    return status;
}

/* ---- the level of the policy ------------------------------------------------------------------------------------ */

static enum status take_policy(struct scene *scene)
{
    struct policy_facts *policy = &scene->policy;
    if (!policy->there)
        return fail(BAD_RUN,
                    "%s: mechanism.level is \"policy\", and there is no policy.h5 yet: run `assay policy` or `assay "
                    "run` first",
                    scene->request->run_directory);
    scene->n_probe = policy->n_probe;
    scene->n_behaviour = policy->n_behaviour;
    scene->n_category = policy->n_category;
    scene->probe_ids = policy->probe_ids;
    scene->id_bytes = policy->id_bytes;
    scene->category = policy->category;
    scene->categories = policy->categories;
    scene->behaviours = policy->behaviours;
    scene->probability = !policy->is_value;
    const struct rows *features = scene->request->features;
    ASSERT(features != NULL);
    if (features->n_row != policy->n_probe || features->n_column != policy->n_feature)
        return fail(BAD_RUN,
                    "policy.h5: expected the %lld probes and %lld features that policy.features has now, found %lld "
                    "and %lld: run `assay policy` again",
                    (long long)features->n_row, (long long)features->n_column, (long long)policy->n_probe,
                    (long long)policy->n_feature);
    for (int64_t i = 0; i < policy->n_probe; i++)
        if (policy->category[i] < 0 || policy->category[i] >= policy->n_category)
            return fail(BAD_RUN,
                        "policy.h5: /probes/category: expected a row of the %lld of /categories/name, found %d: run "
                        "`assay policy` again",
                        (long long)policy->n_category, (int)policy->category[i]);
    if (scene->config->parts == NULL)
        parts_of_features(policy->n_feature, policy->labels, &scene->parts);
    return STATUS_OK;
}

/* Members must be features of the policy where they are used as such. */
static enum status check_members(const struct scene *scene)
{
    const struct parts *parts = &scene->parts;
    for (int64_t p = 0; p < parts->n && scene->policy.there; p++) {
        const struct part *part = &parts->items[p];
        bool used = !scene->network || part->kind == PART_FEATURE;
        char id[ID_LONGEST + 1];
        if (!scene->network && part->n_member == 0)
            return fail(BAD_INPUT, "%s: part %s: expected members, features of the policy, found none",
                        scene->config->parts, part_id(parts, p, id));
        for (int64_t k = 0; k < part->n_member && used; k++)
            if (parts->members[part->first_member + k] >= scene->policy.n_feature)
                return fail(BAD_INPUT, "%s: part %s: expected members among the %lld features of policy.h5, found %lld",
                            scene->config->parts, part_id(parts, p, id), (long long)scene->policy.n_feature,
                            (long long)parts->members[part->first_member + k]);
    }
    return STATUS_OK;
}

/* ---- the behaviour ---------------------------------------------------------------------------------------------- */

static enum status check_value(const struct scene *scene, int64_t i, int64_t b, double value)
{
    if (!scene->probability || (value >= 0 && value <= 1))
        return STATUS_OK;
    return fail(BAD_INPUT,
                "%s: probe %lld, behaviour \"%s\": expected a probability, found %.17g (mechanism.behaviour.kind "
                "\"value\" takes any number)",
                scene->config->behaviour_values, (long long)i, scene->behaviours[b], value);
}

static enum status read_behaviour(struct scene *scene)
{
    double *values;
    int64_t n = scene->n_probe, m = scene->n_behaviour;
    enum status status = scene_read(scene, SCENE_BEHAVIOUR, 0, n, &values);
    if (status != STATUS_OK)
        return status;
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        for (int64_t b = 0; b < m && status == STATUS_OK; b++) {
            status = check_value(scene, i, b, values[i * m + b]);
            scene->intact[b * n + i] = scene->target[b * n + i] = values[i * m + b];
        }
    memory_free(values);
    return status;
}

static enum status take_behaviour(struct scene *scene)
{
    int64_t n = scene->n_behaviour * scene->n_probe;
    scene->intact = memory_allocate(n, sizeof *scene->intact);
    scene->target = memory_allocate(n, sizeof *scene->target);
    if (scene->network)
        return read_behaviour(scene);
    for (int64_t i = 0; i < n; i++) {
        scene->intact[i] = scene->policy.prediction[i];
        scene->target[i] = scene->policy.prediction[i] + scene->policy.residual[i];
    }
    return STATUS_OK;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static void begin(const struct mechanism_request *request, struct scene *scene)
{
    *scene = (struct scene){.request = request, .config = request->mechanism};
    scene->network = scene->config->level == LEVEL_NETWORK;
    segments_init(&scene->segments);
}

static enum status open_records(const struct ranks *ranks, struct scene *scene)
{
    const struct mechanism_config *config = scene->config;
    enum status status = STATUS_OK;
    if (scene->network)
        status = take_record(ranks, scene, config->probes, take_probes);
    if (status == STATUS_OK && config->parts != NULL)
        status = take_record(ranks, scene, config->parts, take_parts);
    if (status == STATUS_OK && config->pairs.file != NULL)
        status = take_record(ranks, scene, config->pairs.file, take_pairs);
    return status;
}

static enum status open_all(MPI_Comm comm, struct scene *scene)
{
    const struct ranks ranks = ranks_of(comm);
    enum status status = policy_facts_open(comm, scene->request->run_directory, &scene->policy);
    if (status == STATUS_OK && !scene->network)
        status = agree(comm, take_policy(scene));
    if (status == STATUS_OK)
        status = open_records(&ranks, scene);
    if (status != STATUS_OK)
        return status;
    status = check_members(scene);
    if (status == STATUS_OK)
        status = scene_open_tensors(scene);
    status = agree(comm, status);
    return status == STATUS_OK ? agree(comm, take_behaviour(scene)) : status;
}

enum status scene_open(MPI_Comm comm, const struct mechanism_request *request, struct scene *scene)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    begin(request, scene);
    enum status status = open_all(comm, scene);
    if (rank != 0) /* all read the behaviour; it is listed once */
        segments_clear(&scene->segments);
    if (status == STATUS_OK && rank == 0 && request->features_read != NULL)
        for (int64_t i = 0; i < request->features_read->n; i++)
            segments_add(&scene->segments, &request->features_read->items[i]);
    if (status != STATUS_OK)
        scene_close(scene);
    return status;
}

void scene_close(struct scene *scene)
{
    for (int t = 0; t < N_SCENE_TENSOR; t++)
        tensor_close(scene->tensors[t]);
    memory_free(scene->intact);
    memory_free(scene->target);
    memory_free(scene->first);
    memory_free(scene->second);
    parts_clear(&scene->parts);
    policy_facts_clear(&scene->policy);
    probes_clear(&scene->probes);
    segments_clear(&scene->segments);
    *scene = (struct scene){0};
}

bool scene_has(const struct scene *scene, int intervention)
{
    return scene->network ? scene->tensors[SCENE_AFTER + intervention] != NULL : intervention != INTERVENTION_PATCH;
}

enum status scene_hash_rest(MPI_Comm comm, struct scene *scene)
{
    struct ranks ranks = ranks_of(comm);
    struct segment_list rest;
    segments_init(&rest);
    const struct mechanism_request *request = scene->request;
    enum status status = scene_list_rest(scene, &rest);
    for (int64_t i = ranks.rank; i < rest.n && status == STATUS_OK; i += ranks.size) {
        if (stop_requested())
            status =
                fail(STOPPED, "mechanism: stopped on request while inputs were hashed; run the same command again");
        else
            status = segment_hash(request->directory, &rest.items[i]);
        if (status == STATUS_OK)
            segments_add(&scene->segments, &rest.items[i]);
    }
    segments_clear(&rest);
    return agree(comm, status);
}

enum status mechanism_measure_shape(const struct mechanism_request *request, int64_t n_rank,
                                    struct mechanism_shape *shape, double *n_segment)
{
    const struct ranks alone = ranks_of(MPI_COMM_NULL);
    struct scene scene;
    struct segment_list rest;
    segments_init(&rest);
    begin(request, &scene);
    enum status status = open_records(&alone, &scene);
    if (status == STATUS_OK)
        status = scene_open_tensors(&scene);
    if (status == CANNOT_FIT) /* the caller plans with other ranks and memory */
        status = STATUS_OK;
    if (status == STATUS_OK)
        status = scene_list_rest(&scene, &rest);
    if (status == STATUS_OK) {
        scene_shape(&scene, n_rank, shape);
        int64_t n_block = (shape->n_part + shape->block_parts - 1) / shape->block_parts;
        *n_segment = (double)(rest.n + n_block * 2 * shape->n_intervention + 3 * shape->n_pair);
    }
    segments_clear(&rest);
    scene_close(&scene);
    return status;
}

static bool note(struct text *problems, enum status status)
{
    if (status != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
    return status == STATUS_OK;
}

void mechanism_check(const struct mechanism_request *request, struct text *problems)
{
    const struct ranks alone = ranks_of(MPI_COMM_NULL);
    struct scene scene;
    begin(request, &scene);
    if (note(problems, open_records(&alone, &scene)) && scene.network && note(problems, scene_open_tensors(&scene))) {
        note(problems, take_behaviour(&scene));
        note(problems, scene_plan(&scene));
    }
    scene_close(&scene);
}
