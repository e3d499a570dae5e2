#include "policy/problem_plan.h"

/* Entries per row of sparse features: given ones are as many as their tensor has, an encoder's a sixteenth of all. */
static double row_entries(const struct problem *problem)
{
    enum { ASSUMED_DENSITY = 16 };
    double m = (double)problem->n_feature, n = (double)problem->probes.n;
    if (!source_is_sparse(problem->source))
        return m;
    if (problem->config->features.values == NULL)
        return m / ASSUMED_DENSITY;
    struct tensor *tensors[SOURCE_MAX_TENSORS];
    int n_tensor = source_tensors(problem->source, tensors);
    int64_t entries = 0; /* values and indices are longer than starts, but for rows of less than one entry */
    for (int i = 0; i < n_tensor; i++)
        entries = tensor_rows(tensors[i]) > entries ? tensor_rows(tensors[i]) : entries;
    return (double)entries / n;
}

void problem_shape(const struct problem *problem, int64_t n_rank, struct policy_shape *shape)
{
    const struct policy_config *config = problem->config;
    int64_t block = config->block_rows < problem->probes.n ? config->block_rows : problem->probes.n;
    *shape = (struct policy_shape){.n_probe = problem->probes.n,
                                   .n_feature = problem->n_feature,
                                   .n_behaviour = config->behaviours.n,
                                   .n_rank = n_rank,
                                   .n_lambda = config->lambda.n,
                                   .n_fold = config->folds,
                                   .n_digit = config->n_digit,
                                   .block_rows = config->block_rows,
                                   .form = config->form,
                                   .leverages = config->leverages,
                                   .pairs = problem->pairs != NULL,
                                   .sparse = source_is_sparse(problem->source),
                                   .row_entries = row_entries(problem),
                                   .encoder_bytes = source_encoder_bytes(problem->source),
                                   .read_bytes = source_workspace_bytes(problem->source, block),
                                   .memory = config->memory};
    shape->entries_estimated = shape->sparse && config->features.values == NULL;
    if (problem->pairs != NULL) {
        bool dual = !policy_is_primal(shape);
        shape->encoder_bytes += source_encoder_bytes(pairs_source(problem->pairs));
        shape->pair_bytes = pairs_bytes(problem->pairs, dual);
        shape->pair_operations = pairs_operations(problem->pairs, dual);
    }
}

static bool note(struct text *problems, enum status status)
{
    if (status != STATUS_OK)
        text_add(problems, "%s\n", failure_sentence());
    return status == STATUS_OK;
}

void problem_check(const struct problem_request *request, struct text *problems)
{
    struct problem problem;
    if (!problem_open_local(request, &problem, problems))
        return;
    struct policy_shape shape;
    struct policy_plan plan;
    problem_shape(&problem, 1, &shape);
    note(problems, policy_plan_make(&shape, &plan));
    struct segment_list rest;
    segments_init(&rest);
    note(problems, problem_list_rest(&problem, &rest));
    segments_clear(&rest);
    problem_close(&problem);
}
