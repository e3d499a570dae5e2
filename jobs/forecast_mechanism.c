#include "jobs/forecast_mechanism.h"

#include "base/file.h"
#include "base/memory.h"
#include "jobs/forecast_figures.h"

#define VECTOR_PART (1.0 / 100) /* of the rate of 8-bit products: multiply-adds in double, side by side */

static bool inputs_are_there(const struct mechanism_request *request)
{
    char *path = path_join(request->directory, request->mechanism->parts);
    bool there = path_exists(path);
    memory_free(path);
    return there;
}

enum status mechanism_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                    const struct calibration *calibration, struct mechanism_forecast *forecast)
{
    *forecast = (struct mechanism_forecast){.seconds = -1};
    struct mechanism_request request = context_mechanism(context);
    forecast->awaits = request.mechanism->level == LEVEL_POLICY ||
                       (config_get(&context->config, "train") != NULL && !inputs_are_there(&request));
    if (forecast->awaits)
        return STATUS_OK;
    enum status status = mechanism_measure_shape(&request, n_rank, &forecast->shape, &forecast->n_segment);
    if (status != STATUS_OK)
        return status;
    if (memory > 0)
        forecast->shape.memory = memory;
    if (mechanism_plan_make(&forecast->shape, &forecast->plan) != STATUS_OK) /* its figures are there even so */
        forecast->misfit = memory_copy_text(failure_sentence());
    const struct mechanism_plan *plan = &forecast->plan;
    if (calibration != NULL)
        forecast->seconds = plan->busiest * (plan->read_bytes / calibration->read_bytes +
                                             plan->operations / (calibration->digit_products * VECTOR_PART)) +
                            plan->output_bytes / calibration->write_bytes;
    return STATUS_OK;
}

void mechanism_forecast_clear(struct mechanism_forecast *forecast)
{
    memory_free(forecast->misfit);
    *forecast = (struct mechanism_forecast){0};
}

void mechanism_forecast_show(const struct mechanism_forecast *forecast, struct text *out)
{
    const struct mechanism_shape *shape = &forecast->shape;
    const struct mechanism_plan *plan = &forecast->plan;
    if (forecast->awaits) {
        text_add(out,
                 "mechanism   what it explains is not there yet: jobs before it make it; plan again after them\n\n");
        return;
    }
    char parts[32], probes[32], read[32], written[32], peak[32], most[32], block[32], draws[32];
    text_add(out, "mechanism   %s parts x %s probes, %lld behaviours, %lld interventions, %lld controls of a part\n",
             figure_count(shape->n_part, parts), figure_count(shape->n_probe, probes), (long long)shape->n_behaviour,
             (long long)shape->n_intervention, (long long)shape->n_control);
    text_add(out, "  %-20s %.4g for the bootstrap, over all ranks\n", "multiply-adds", plan->operations);
    text_add(out, "  %-20s up to %s of measurements; writes about %s\n", "reads", figure_bytes(plan->read_bytes, read),
             figure_bytes(plan->output_bytes, written));
    text_add(out, "  %-20s %s per rank, of %s in mechanism.memory: a block of parts %s, resamples %s\n", "memory",
             figure_bytes(plan->peak_bytes, peak), figure_bytes((double)shape->memory, most),
             figure_bytes(plan->block_bytes, block), figure_bytes(plan->resample_bytes, draws));
    forecast_add_time(forecast->seconds, out);
}

void mechanism_forecast_add_json(const struct mechanism_forecast *forecast, struct text *out)
{
    const struct mechanism_shape *shape = &forecast->shape;
    const struct mechanism_plan *plan = &forecast->plan;
    if (forecast->awaits)
        return;
    const struct forecast_figure figures[] = {{"parts", (double)shape->n_part},
                                              {"probes", (double)shape->n_probe},
                                              {"behaviours", (double)shape->n_behaviour},
                                              {"interventions", (double)shape->n_intervention},
                                              {"controls", (double)shape->n_control},
                                              {"pairs", (double)shape->n_pair},
                                              {"operations", plan->operations},
                                              {"read_bytes", plan->read_bytes},
                                              {"output_bytes", plan->output_bytes},
                                              {"memory_bytes", plan->peak_bytes},
                                              {"memory_limit_bytes", (double)shape->memory},
                                              {"seconds", forecast->seconds}};
    forecast_add_object("mechanism", NULL, false, figures, sizeof figures / sizeof *figures, out);
}
