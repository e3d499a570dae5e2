#include "jobs/forecast_counterfactual.h"

#include "base/file.h"
#include "base/memory.h"
#include "jobs/forecast_figures.h"

/* Multiply-adds in double and in the fixed order of exact/dense.h, as a part of the rate of 8-bit products, which is
 * what a calibration measures. */
#define FIXED_ORDER_PART (1.0 / 50)

static bool inputs_are_there(const struct inquiry_request *request)
{
    char *path = path_join(request->directory, request->samples->file);
    bool there = path_exists(path);
    memory_free(path);
    return there;
}

static enum status forecast_inquiry(const struct inquiry *inquiry, int64_t n_rank, int64_t memory,
                                    const struct calibration *calibration, struct counterfactual_forecast *forecast)
{
    counterfactual_shape_of(inquiry, n_rank, &forecast->shape);
    if (memory > 0)
        forecast->shape.memory = memory;
    if (counterfactual_plan_make(&forecast->shape, &forecast->plan) != STATUS_OK) /* its figures are there even so */
        forecast->misfit = memory_copy_text(failure_sentence());
    if (calibration != NULL)
        forecast->seconds =
            forecast->plan.operations / (calibration->digit_products * FIXED_ORDER_PART) / (double)n_rank +
            forecast->plan.read_bytes / calibration->read_bytes +
            forecast->plan.output_bytes / calibration->write_bytes;
    struct segment_list list;
    segments_init(&list);
    enum status status = inquiry_list(inquiry, &list);
    forecast->n_segment = (double)list.n;
    segments_clear(&list);
    return status;
}

enum status counterfactual_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                         const struct calibration *calibration,
                                         struct counterfactual_forecast *forecast)
{
    *forecast = (struct counterfactual_forecast){.seconds = -1};
    struct inquiry_request request = context_inquiry(context);
    if (request.samples == NULL)
        return fail(BAD_CONFIG, "%s: samples: is missing: counterfactual needs this section", context->options->target);
    if (config_get(&context->config, "train") != NULL && !inputs_are_there(&request)) {
        forecast->awaits_training = true;
        return STATUS_OK;
    }
    struct text problems;
    struct inquiry inquiry;
    text_init(&problems);
    enum status status;
    if (inquiry_open_local(&request, &inquiry, &problems)) {
        status = forecast_inquiry(&inquiry, n_rank, memory, calibration, forecast);
        inquiry_close(&inquiry);
    } else {
        problems.bytes[problems.length - 1] = 0; /* the last line feed: the sentence gets its own */
        status = fail(BAD_INPUT, "%s", problems.bytes);
    }
    text_clear(&problems);
    return status;
}

void counterfactual_forecast_clear(struct counterfactual_forecast *forecast)
{
    memory_free(forecast->misfit);
    *forecast = (struct counterfactual_forecast){0};
}

void counterfactual_forecast_show(const struct counterfactual_forecast *forecast, struct text *out)
{
    if (forecast->awaits_training) {
        text_add(out,
                 "counterfactual  its inputs are not there yet: `assay train` makes them; plan again after it\n\n");
        return;
    }
    const struct counterfactual_shape *shape = &forecast->shape;
    const struct counterfactual_plan *plan = &forecast->plan;
    char scenarios[32], train[32], queries[32], bytes[32], most[32], each[32];
    text_add(out, "counterfactual  about %s scenarios over %s examples, %s queries, %lld retrained models\n",
             figure_count(shape->n_scenario, scenarios), figure_count(shape->n_train, train),
             figure_count(shape->n_query, queries), (long long)shape->n_set);
    if (shape->n_output > 0)
        text_add(out, "            a ridge head of %lld features; about %lld outputs\n", (long long)shape->n_feature,
                 (long long)shape->n_output);
    text_add(out, "  %-20s %lld scenarios of a rank at a time, %lld walks over the examples\n", "work",
             (long long)plan->at_a_time, (long long)plan->n_walk);
    text_add(out, "  %-20s about %.4g over all ranks\n", "multiply-adds", plan->operations);
    text_add(out, "  %-20s about %s by every rank\n", "reads", figure_bytes(plan->read_bytes, bytes));
    text_add(out, "  %-20s about %s of results\n", "writes", figure_bytes(plan->output_bytes, bytes));
    text_add(out, "  %-20s about %s per rank, of %s in counterfactual.memory; a scenario %s\n", "memory",
             figure_bytes((double)plan->peak_bytes, bytes), figure_bytes((double)shape->memory, most),
             figure_bytes((double)plan->scenario_bytes, each));
    forecast_add_time(forecast->seconds, out);
}

void counterfactual_forecast_add_json(const struct counterfactual_forecast *forecast, struct text *out)
{
    if (forecast->awaits_training)
        return;
    const struct counterfactual_shape *shape = &forecast->shape;
    const struct counterfactual_plan *plan = &forecast->plan;
    const struct forecast_figure figures[] = {{"scenarios", (double)shape->n_scenario},
                                              {"examples", (double)shape->n_train},
                                              {"queries", (double)shape->n_query},
                                              {"features", (double)shape->n_feature},
                                              {"outputs", (double)shape->n_output},
                                              {"retrained_models", (double)shape->n_set},
                                              {"scenarios_at_a_time", (double)plan->at_a_time},
                                              {"walks", (double)plan->n_walk},
                                              {"operations", plan->operations},
                                              {"rank_input_bytes", plan->read_bytes},
                                              {"output_bytes", plan->output_bytes},
                                              {"memory_bytes", (double)plan->peak_bytes},
                                              {"memory_limit_bytes", (double)shape->memory},
                                              {"seconds", forecast->seconds}};
    forecast_add_object("counterfactual", NULL, false, figures, sizeof figures / sizeof *figures, out);
}
