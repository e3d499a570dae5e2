#include "jobs/forecast_policy.h"

#include "base/file.h"
#include "base/memory.h"
#include "jobs/forecast_figures.h"
#include "policy/problem_plan.h"

/* Multiply-adds in double, as parts of the rate of 8-bit products, which is what a calibration measures: by the matrix
 * library, in the fixed order of exact/dense.h, and one at a time in sparse rows. */
#define LIBRARY_PART     (1.0 / 16)
#define FIXED_ORDER_PART (1.0 / 50)
#define SPARSE_PART      (1.0 / 400)
#define NETWORK_BYTES    1e9 /* a second, assumed */

static bool inputs_are_there(const struct problem_request *request)
{
    char *path = path_join(request->directory, request->policy->probes);
    bool there = path_exists(path);
    memory_free(path);
    return there;
}

/* Inputs in the list of the table: blocks of rows, and what no row covers. */
static enum status count_segments(const struct problem *problem, double *n)
{
    struct segment_list list;
    segments_init(&list);
    enum status status = problem_list_rest(problem, &list);
    if (status == STATUS_OK && problem->pairs != NULL)
        status = pairs_list_segments(problem->pairs, &list);
    struct tensor *tensors[SOURCE_MAX_TENSORS];
    int64_t blocks = (problem->probes.n + problem->config->block_rows - 1) / problem->config->block_rows;
    *n = (double)(list.n + problem->segments.n + blocks * (1 + source_tensors(problem->source, tensors)));
    segments_clear(&list);
    return status;
}

/* Rough: nobody has measured more than the rates of a calibration. */
static double estimate(const struct policy_shape *shape, const struct policy_plan *plan,
                       const struct calibration *calibration)
{
    double rate = calibration->digit_products, ranks = (double)shape->n_rank;
    double gram = plan->gram_operations / (rate * (shape->sparse ? SPARSE_PART : LIBRARY_PART));
    double factor = plan->factor_operations / (rate * LIBRARY_PART);
    double fixed = (plan->leverage_operations + plan->pair_operations) / (rate * FIXED_ORDER_PART);
    double repeated = plan->repeated_operations / (rate * FIXED_ORDER_PART);
    double read = 8 * plan->input_entries / calibration->read_bytes;
    double write = plan->output_bytes / calibration->write_bytes;
    return (read + gram + factor + fixed) / ranks + repeated + write + plan->message_bytes / NETWORK_BYTES;
}

static enum status forecast_problem(const struct problem *problem, int64_t n_rank, int64_t memory,
                                    const struct calibration *calibration, struct policy_forecast *forecast)
{
    problem_shape(problem, n_rank, &forecast->shape);
    if (memory > 0)
        forecast->shape.memory = memory;
    forecast->n_pair = problem->pairs != NULL ? pairs_count(problem->pairs) : 0;
    if (policy_plan_make(&forecast->shape, &forecast->plan) != STATUS_OK) /* its figures are there even so */
        forecast->misfit = memory_copy_text(failure_sentence());
    if (calibration != NULL)
        forecast->seconds = estimate(&forecast->shape, &forecast->plan, calibration);
    return count_segments(problem, &forecast->n_segment);
}

enum status policy_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                 const struct calibration *calibration, struct policy_forecast *forecast)
{
    *forecast = (struct policy_forecast){.seconds = -1};
    struct problem_request request = context_problem(context);
    if (config_get(&context->config, "train") != NULL && !inputs_are_there(&request)) {
        forecast->awaits_training = true;
        return STATUS_OK;
    }
    struct text problems;
    struct problem problem;
    text_init(&problems);
    enum status status;
    if (problem_open_local(&request, &problem, &problems)) {
        status = forecast_problem(&problem, n_rank, memory, calibration, forecast);
        problem_close(&problem);
    } else {
        problems.bytes[problems.length - 1] = 0; /* the last line feed: the sentence gets its own */
        status = fail(BAD_INPUT, "%s", problems.bytes);
    }
    text_clear(&problems);
    return status;
}

void policy_forecast_clear(struct policy_forecast *forecast)
{
    memory_free(forecast->misfit);
    *forecast = (struct policy_forecast){0};
}

/* ---- for people ------------------------------------------------------------------------------------------------- */

static void show_memory(const struct policy_forecast *forecast, struct text *out)
{
    const struct policy_plan *plan = &forecast->plan;
    char peak[32], most[32], rows[32], all[32], small[32], system[32], panels[32], pairs[32];
    text_add(out, "  %-20s %s%s per rank, of %s in policy.memory:\n", "memory",
             forecast->shape.entries_estimated ? "about " : "", figure_bytes((double)plan->peak_bytes, peak),
             figure_bytes((double)forecast->shape.memory, most));
    text_add(out, "  %-20s rows %s, while they are read %s, rows of all ranks %s,\n", "",
             figure_bytes((double)plan->row_bytes, rows), figure_bytes((double)plan->read_bytes, panels),
             figure_bytes((double)plan->all_bytes, all));
    text_add(out, "  %-20s systems %s, matrices that every rank holds %s,\n", "",
             figure_bytes((double)plan->system_bytes, system), figure_bytes((double)plan->small_bytes, small));
    text_add(out, "  %-20s panels %s, pairs %s\n", "", figure_bytes((double)plan->panel_bytes, panels),
             figure_bytes((double)forecast->shape.pair_bytes, pairs));
}

void policy_forecast_show(const struct policy_forecast *forecast, struct text *out)
{
    if (forecast->awaits_training) {
        text_add(out, "policy      its inputs are not there yet: `assay train` makes them; plan again after it\n\n");
        return;
    }
    const struct policy_shape *shape = &forecast->shape;
    const struct policy_plan *plan = &forecast->plan;
    char probes[32], features[32], pairs[32], unknowns[32], bytes[32];
    text_add(out, "policy      %s probes x %s features, %lld behaviours, %s pairs\n",
             figure_count(shape->n_probe, probes), figure_count(shape->n_feature, features),
             (long long)shape->n_behaviour, figure_count(forecast->n_pair, pairs));
    text_add(out, "            %s system of %s unknowns on a grid of %d x %d ranks, %lld candidates, %lld folds\n",
             plan->primal ? "primal" : "dual", figure_count(plan->n_unknown, unknowns), plan->grid_rows,
             plan->grid_columns, (long long)shape->n_lambda, (long long)shape->n_fold);
    text_add(out, "  %-20s %.4g for the matrix, %.4g for factors, %.4g for leverages,\n", "multiply-adds",
             plan->gram_operations, plan->factor_operations, plan->leverage_operations);
    text_add(out, "  %-20s %.4g for pairs, over all ranks; %.4g by every rank\n", "", plan->pair_operations,
             plan->repeated_operations);
    text_add(out, "  %-20s %s of results, without pairs\n", "writes", figure_bytes(plan->output_bytes, bytes));
    show_memory(forecast, out);
    text_add(out, "  %-20s about %s per rank\n", "messages", figure_bytes(plan->message_bytes, bytes));
    forecast_add_time(forecast->seconds, out);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

void policy_forecast_add_json(const struct policy_forecast *forecast, struct text *out)
{
    if (forecast->awaits_training)
        return;
    const struct policy_shape *shape = &forecast->shape;
    const struct policy_plan *plan = &forecast->plan;
    const struct forecast_figure figures[] = {{"probes", (double)shape->n_probe},
                                              {"features", (double)shape->n_feature},
                                              {"behaviours", (double)shape->n_behaviour},
                                              {"pairs", (double)forecast->n_pair},
                                              {"unknowns", (double)plan->n_unknown},
                                              {"grid_rows", plan->grid_rows},
                                              {"grid_columns", plan->grid_columns},
                                              {"panel_width", (double)plan->panel_width},
                                              {"systems_held", (double)plan->n_loaded},
                                              {"gram_operations", plan->gram_operations},
                                              {"factor_operations", plan->factor_operations},
                                              {"leverage_operations", plan->leverage_operations},
                                              {"pair_operations", plan->pair_operations},
                                              {"repeated_operations", plan->repeated_operations},
                                              {"rank_message_bytes", plan->message_bytes},
                                              {"output_bytes", plan->output_bytes},
                                              {"memory_bytes", (double)plan->peak_bytes},
                                              {"memory_limit_bytes", (double)shape->memory},
                                              {"seconds", forecast->seconds}};
    forecast_add_object("policy", "primal", plan->primal, figures, sizeof figures / sizeof *figures, out);
}
