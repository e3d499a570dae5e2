#include "counterfactual/plan.h"

#include "counterfactual/extremes.h"
#include "counterfactual/network_effect.h"
#include "counterfactual/ridge.h"
#include "records/sample_rows.h"

enum { NUMBER = 8, LEVELS = 7 /* figures per scenario and query, beside outputs */ };

void counterfactual_shape_of(const struct inquiry *inquiry, int64_t n_rank, struct counterfactual_shape *shape)
{
    const struct counterfactual_config *config = inquiry->config;
    struct tensor *const *tensors = inquiry->tensors;
    *shape = (struct counterfactual_shape){.n_rank = n_rank,
                                           .n_train = inquiry->samples.n,
                                           .n_query = inquiry->queries.n,
                                           .n_replicate = config->bootstrap,
                                           .candidates = config->flip_most > 0 ? config->flip_candidates : 0,
                                           .block_rows = config->block_rows < inquiry->samples.n ? config->block_rows
                                                                                                 : inquiry->samples.n,
                                           .sample_bytes = sample_rows_bytes(&inquiry->samples),
                                           .all_scores = inquiry->request->has_influence,
                                           .memory = config->memory};
    static const enum inquiry_tensor sets[] = {TRUTH_SUBSETS, TRUTH_LEAVE_ONE_OUT, TRUTH_GROUPS};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        shape->n_set += tensors[sets[i]] != NULL ? tensor_rows(tensors[sets[i]]) : 0;
    shape->n_scenario = config->without.n;
    for (int64_t c = 0; c < inquiry->n_group_column && config->groups; c++)
        shape->n_scenario += inquiry->samples.columns[c].n_value;
    if (inquiry->request->has_influence)
        shape->n_scenario += config->top * inquiry->queries.n;
    if (tensors[RIDGE_FEATURES] == NULL)
        return;
    shape->n_feature = tensor_columns(tensors[RIDGE_FEATURES]);
    shape->n_output = tensors[RIDGE_TARGETS] != NULL    ? tensor_columns(tensors[RIDGE_TARGETS])
                      : config->ridge.key != NULL       ? inquiry->samples.columns[inquiry->n_group_column].n_value
                      : tensors[NETWORK_LOGITS] != NULL ? tensor_columns(tensors[NETWORK_LOGITS])
                                                        : 2;
}

static int64_t fixed_bytes(const struct counterfactual_shape *shape)
{
    int64_t size = shape->n_feature + 1, outputs = shape->n_output, queries = shape->n_query;
    int64_t row = shape->sample_bytes + NUMBER * (4 * size + 6 * outputs + (shape->all_scores ? 3 : 1) * queries);
    int64_t bytes = shape->block_rows * row + shape->n_scenario * queries * NUMBER * (LEVELS + outputs) +
                    extremes_bytes(queries, shape->candidates);
    if (outputs > 0)
        bytes += ridge_bytes(size, outputs, queries) + removal_bytes(size, outputs) +
                 shape->candidates * (shape->candidates + 2 * size + 2 * outputs) * NUMBER;
    int64_t own = (shape->n_set + shape->n_rank - 1) / shape->n_rank;
    return bytes + own * shape->n_train + shape->n_set * queries * NUMBER;
}

/* Multiply-adds: the matrix, every row alone, members of scenarios, factors, and searches. */
static double count_operations(const struct counterfactual_shape *shape)
{
    double n = (double)shape->n_train, size = (double)shape->n_feature + 1, outputs = (double)shape->n_output;
    double queries = (double)shape->n_query, scenarios = (double)shape->n_scenario,
           candidates = (double)shape->candidates;
    double operations = 0;
    if (outputs > 0) {
        operations += n * size * (size + 2 * outputs) + n * (size * size + queries * (size + outputs));
        operations += scenarios * (n / 4 * size * (size + 2 * outputs) + size * size * size / 3);
        operations += (double)shape->n_rank * n * size * size; /* every rank looks at every row */
        operations += queries * candidates * candidates * (size + 50);
    }
    if (shape->all_scores)
        operations += scenarios / 4 * n * queries * (1 + (double)shape->n_replicate);
    return operations + (double)shape->n_set / 2 * n * queries;
}

enum status counterfactual_plan_make(const struct counterfactual_shape *shape, struct counterfactual_plan *plan)
{
    int64_t size = shape->n_feature + 1, per_rank = (shape->n_scenario + shape->n_rank - 1) / shape->n_rank;
    double n = (double)shape->n_train, queries = (double)shape->n_query, outputs = (double)shape->n_output;
    *plan = (struct counterfactual_plan){.fixed_bytes = fixed_bytes(shape)};
    plan->scenario_bytes = (shape->n_output > 0 ? removal_bytes(size, shape->n_output) : 0) +
                           (shape->all_scores ? network_sum_bytes(shape->n_query, shape->n_replicate) : 0) + 1;
    int64_t room = (shape->memory - plan->fixed_bytes) / plan->scenario_bytes;
    plan->at_a_time = room < 1 ? 1 : room < per_rank ? room : per_rank < 1 ? 1 : per_rank;
    plan->n_walk = (per_rank + plan->at_a_time - 1) / plan->at_a_time;
    plan->peak_bytes = plan->fixed_bytes + plan->at_a_time * plan->scenario_bytes;
    plan->operations = count_operations(shape);
    plan->read_bytes = ((double)plan->n_walk + 2 / (double)shape->n_rank + (shape->n_set > 0)) * n * NUMBER *
                       ((double)shape->n_feature + (shape->all_scores ? queries : 0));
    plan->output_bytes = NUMBER * (n * (queries + outputs + 1) * (outputs > 0) +
                                   (double)shape->n_scenario * queries * (outputs + LEVELS));
    if (plan->peak_bytes <= shape->memory)
        return STATUS_OK;
    char need[32], have[32];
    return fail(CANNOT_FIT,
                "counterfactual: a rank needs %s (ridge of %lld unknowns, %lld scenarios, %lld queries), but "
                "counterfactual.memory allows %s: raise counterfactual.memory, or lower block_rows, flip.candidates or "
                "the number of scenarios",
                figure_bytes((double)plan->peak_bytes, need), (long long)(shape->n_output > 0 ? size : 0),
                (long long)shape->n_scenario, (long long)shape->n_query, figure_bytes((double)shape->memory, have));
}
