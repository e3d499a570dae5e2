#include "policy/problem.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"

static struct source_names names_of(const struct policy_config *config, const struct feature_names *names)
{
    return (struct source_names){.values = names->values,
                                 .indices = names->indices,
                                 .starts = names->starts,
                                 .activations = names->activations,
                                 .sae = names->activations ? config->sae : NULL,
                                 .width = config->width,
                                 .sae_digits = config->n_digit,
                                 .backend = config->backend};
}

/* ---- the parts, none of which needs other ranks ----------------------------------------------------------------- */

static enum status take_probes(struct problem *problem, const char *bytes, size_t n)
{
    const struct policy_config *config = problem->config;
    enum status status = probes_parse(config->probes, &config->behaviours, bytes, n, &problem->probes);
    if (status == STATUS_OK && config->folds > problem->probes.n)
        status = fail(BAD_CONFIG, "policy.ridge.folds: expected at most the %lld probes of %s, found %lld",
                      (long long)problem->probes.n, config->probes, (long long)config->folds);
    return status;
}

static enum status take_labels(struct problem *problem, const char *bytes, size_t n)
{
    return labels_parse(problem->config->labels, bytes, n, problem->n_feature, &problem->labels);
}

static enum status open_features(struct problem *problem)
{
    struct source_names names = names_of(problem->config, &problem->config->features);
    if (problem->config->features.activations == NULL && problem->config->pairs.features.activations == NULL &&
        problem->config->sae != NULL)
        return fail(BAD_CONFIG, "policy.features.activations: expected the activations that policy.features.sae "
                                "encodes, found nothing");
    enum status status =
        source_open(problem->request->directory, "policy.features", &names, 1, &problem->segments, &problem->source);
    if (status != STATUS_OK) {
        problem->source = NULL;
        return status;
    }
    problem->n_feature = source_columns(problem->source);
    int64_t found = source_items(problem->source);
    if (problem->probes.n > 0 && found != problem->probes.n)
        return fail(BAD_INPUT, "policy.features: expected a row for each of the %lld probes of %s, found %lld in %s",
                    (long long)problem->probes.n, problem->config->probes, (long long)found,
                    source_description(problem->source));
    return STATUS_OK;
}

static enum status open_behaviour(struct problem *problem)
{
    const struct policy_config *config = problem->config;
    int64_t dims[TENSOR_MAX_DIM];
    enum status status = tensor_open(problem->request->directory, config->behaviour_values, &problem->behaviour);
    if (status != STATUS_OK) {
        problem->behaviour = NULL;
        return status;
    }
    int n_dim = tensor_dimensions(problem->behaviour, dims);
    if (problem->probes.n > 0 && dims[0] != problem->probes.n)
        return fail(BAD_INPUT, "%s: expected a row for each of the %lld probes of %s, found %lld",
                    config->behaviour_values, (long long)problem->probes.n, config->probes, (long long)dims[0]);
    if (n_dim > 2 || tensor_columns(problem->behaviour) != config->behaviours.n)
        return fail(BAD_INPUT,
                    "%s: expected a column for each of the %lld names of policy.behaviour.names, found %lld "
                    "(%d dimensions)",
                    config->behaviour_values, (long long)config->behaviours.n,
                    (long long)tensor_columns(problem->behaviour), n_dim);
    return STATUS_OK;
}

static struct pairs_request pairs_request_of(const struct problem *problem, const struct source_names *names)
{
    return (struct pairs_request){.directory = problem->request->directory,
                                  .config = problem->config,
                                  .features = names,
                                  .n_probe = problem->probes.n,
                                  .n_feature = problem->n_feature,
                                  .labels = problem->labels.items};
}

static void begin(const struct problem_request *request, struct problem *problem)
{
    *problem = (struct problem){.request = request, .config = request->policy};
    segments_init(&problem->segments);
}

/* ---- on all ranks ----------------------------------------------------------------------------------------------- */

/* Every rank parses the same bytes of a short file and so reaches the same verdict.  @collective comm */
static enum status share_record(MPI_Comm comm, struct problem *problem, const char *file,
                                enum status (*take)(struct problem *problem, const char *bytes, size_t n))
{
    char *bytes = NULL;
    size_t n;
    enum status status =
        share_file(comm, problem->request->directory, file, PROBLEM_RECORD_LIMIT, &bytes, &n, &problem->segments);
    if (status == STATUS_OK)
        status = agree(comm, take(problem, bytes, n));
    memory_free(bytes);
    return status;
}

static enum status open_all(MPI_Comm comm, struct problem *problem)
{
    const struct policy_config *config = problem->config;
    enum status status = share_record(comm, problem, config->probes, take_probes);
    if (status != STATUS_OK)
        return status;
    status = open_features(problem);
    if (status == STATUS_OK)
        status = open_behaviour(problem);
    status = agree(comm, status);
    if (status == STATUS_OK && config->labels != NULL)
        status = share_record(comm, problem, config->labels, take_labels);
    if (status == STATUS_OK && config->pairs.file != NULL) {
        struct source_names names = names_of(config, &config->pairs.features);
        names.encoder_of = problem->source;
        struct pairs_request request = pairs_request_of(problem, &names);
        status = pairs_open(comm, &request, &problem->segments, &problem->pairs);
        if (status != STATUS_OK)
            problem->pairs = NULL;
    }
    return status;
}

enum status problem_open(MPI_Comm comm, const struct problem_request *request, struct problem *problem)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    begin(request, problem);
    enum status status = open_all(comm, problem);
    if (rank != 0) /* every rank reads the encoder; it is listed once */
        segments_clear(&problem->segments);
    if (status != STATUS_OK)
        problem_close(problem);
    return status;
}

void problem_close(struct problem *problem)
{
    pairs_close(problem->pairs);
    if (problem->behaviour != NULL)
        tensor_close(problem->behaviour);
    source_close(problem->source);
    labels_clear(&problem->labels);
    probes_clear(&problem->probes);
    segments_clear(&problem->segments);
    *problem = (struct problem){0};
}

/* ---- on one process --------------------------------------------------------------------------------------------- */

static bool note(struct text *problems, enum status status)
{
    if (status != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
    return status == STATUS_OK;
}

static bool load_record(struct problem *problem, const char *file, struct text *problems,
                        enum status (*take)(struct problem *problem, const char *bytes, size_t n))
{
    char *path = path_join(problem->request->directory, file), *bytes = NULL;
    size_t n;
    bool good = note(problems, file_load(path, PROBLEM_RECORD_LIMIT, &bytes, &n));
    if (good) {
        good = note(problems, take(problem, bytes, n));
        memory_free(bytes);
    }
    memory_free(path);
    return good;
}

bool problem_open_local(const struct problem_request *request, struct problem *problem, struct text *problems)
{
    begin(request, problem);
    const struct policy_config *config = problem->config;
    bool good = load_record(problem, config->probes, problems, take_probes);
    bool features = note(problems, open_features(problem));
    good &= features;
    good &= note(problems, open_behaviour(problem));
    if (features && config->labels != NULL)
        good &= load_record(problem, config->labels, problems, take_labels);
    if (good && config->pairs.file != NULL) {
        struct source_names names = names_of(config, &config->pairs.features);
        names.encoder_of = problem->source;
        struct pairs_request asked = pairs_request_of(problem, &names);
        enum status status = pairs_open_local(&asked, &problem->segments, &problem->pairs);
        if (status != STATUS_OK)
            problem->pairs = NULL;
        good &= note(problems, status);
    }
    if (!good)
        problem_close(problem);
    return good;
}

/* ---- the bytes that no row covers ------------------------------------------------------------------------------- */

enum status problem_list_rest(const struct problem *problem, struct segment_list *rest)
{
    struct tensor *tensors[SOURCE_MAX_TENSORS + 1 + PAIRS_MAX_TENSORS];
    int n = source_tensors(problem->source, tensors);
    tensors[n++] = problem->behaviour;
    if (problem->pairs != NULL)
        n += pairs_tensors(problem->pairs, tensors + n);
    enum status status = tensor_gaps(tensors, n, rest);
    const struct problem_request *request = problem->request;
    for (int64_t i = 0; i < request->also->n && status == STATUS_OK; i++)
        status = segments_add_file(rest, request->directory, request->also->items[i]);
    return status;
}

enum status problem_hash_rest(MPI_Comm comm, struct problem *problem)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    struct segment_list rest;
    segments_init(&rest);
    enum status status = problem_list_rest(problem, &rest);
    for (int64_t i = rank; i < rest.n && status == STATUS_OK; i += size) {
        if (stop_requested())
            status = fail(STOPPED, "policy: stopped on request while inputs were hashed; run the same command again");
        else
            status = segment_hash(problem->request->directory, &rest.items[i]);
        if (status == STATUS_OK)
            segments_add(&problem->segments, &rest.items[i]);
    }
    segments_clear(&rest);
    return agree(comm, status);
}
