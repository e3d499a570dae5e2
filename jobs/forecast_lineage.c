#include "jobs/forecast_lineage.h"

#include "base/file.h"
#include "base/memory.h"
#include "jobs/forecast_figures.h"
#include "lineage/inputs.h"

/* Seconds of one core per use, beside reading and writing bytes. */
#define USE_SECONDS 1.2e-7

bool lineage_awaits_training(const struct context *context, const struct lineage_request *request)
{
    if (config_get(&context->config, "train") == NULL)
        return false;
    struct record_files files;
    bool found = record_files_find_local(request, &files) == STATUS_OK;
    if (found)
        record_files_clear(&files);
    char *samples = path_join(context->inputs_directory, request->samples->file);
    found = found && path_exists(samples);
    memory_free(samples);
    return !found;
}

enum status lineage_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                  const struct calibration *calibration, struct lineage_forecast *forecast)
{
    *forecast = (struct lineage_forecast){.seconds = -1};
    struct lineage_request request = context_lineage(context);
    if (request.samples == NULL)
        return fail(BAD_CONFIG, "%s: samples: is missing: lineage needs this section", context->options->target);
    if (lineage_awaits_training(context, &request)) {
        forecast->awaits_training = true;
        return STATUS_OK;
    }
    struct lineage_estimate *estimate = &forecast->estimate;
    enum status status = lineage_estimate_make(&request, n_rank, estimate);
    if (status != STATUS_OK)
        return status;
    if (memory > 0)
        estimate->shape.memory = memory;
    if (lineage_plan_make(&estimate->shape, &forecast->plan) != STATUS_OK) /* its figures are there even so */
        forecast->misfit = memory_copy_text(failure_sentence());
    if (calibration != NULL) /* files are hashed, and read twice */
        forecast->seconds =
            (3 * estimate->input_bytes / calibration->read_bytes +
             forecast->plan.output_bytes / calibration->write_bytes + USE_SECONDS * (double)estimate->shape.n_use) /
            (double)n_rank;
    return STATUS_OK;
}

void lineage_forecast_clear(struct lineage_forecast *forecast)
{
    memory_free(forecast->misfit);
    *forecast = (struct lineage_forecast){0};
}

void lineage_forecast_show(const struct lineage_forecast *forecast, struct text *out)
{
    if (forecast->awaits_training) {
        text_add(out, "lineage     its inputs are not there yet: `assay train` makes them; plan again after it\n\n");
        return;
    }
    const struct lineage_shape *shape = &forecast->estimate.shape;
    const struct lineage_plan *plan = &forecast->plan;
    char a[32], b[32], c[32], d[32];
    text_add(out, "lineage     %s%s uses of %s samples in %s steps, of %s recorder files\n",
             forecast->estimate.guessed ? "about " : "", figure_count(shape->n_use, a),
             figure_count(shape->n_sample, b), figure_count(shape->n_step, c),
             figure_count(forecast->estimate.n_recorder, d));
    text_add(out, "  %-20s %s, hashed and read twice\n", "reads", figure_bytes(forecast->estimate.input_bytes, a));
    text_add(out, "  %-20s %s\n", "writes", figure_bytes(plan->output_bytes, a));
    text_add(out, "  %-20s %s%s per rank, of %s in lineage.memory:\n", "memory",
             forecast->estimate.guessed ? "about " : "", figure_bytes((double)plan->peak_bytes, a),
             figure_bytes((double)shape->memory, b));
    text_add(out, "  %-20s steps %s, a window of them %s, samples %s in %s passes\n", "",
             figure_bytes((double)plan->ledger_bytes, a), figure_bytes((double)plan->window_bytes, b),
             figure_bytes((double)plan->share_bytes, c), figure_count(plan->n_pass, d));
    forecast_add_time(forecast->seconds, out);
}

void lineage_forecast_add_json(const struct lineage_forecast *forecast, struct text *out)
{
    if (forecast->awaits_training)
        return;
    const struct lineage_shape *shape = &forecast->estimate.shape;
    const struct lineage_plan *plan = &forecast->plan;
    const struct forecast_figure figures[] = {{"uses", (double)shape->n_use},
                                              {"samples", (double)shape->n_sample},
                                              {"steps", (double)shape->n_step},
                                              {"recorders", (double)forecast->estimate.n_recorder},
                                              {"input_bytes", forecast->estimate.input_bytes},
                                              {"output_bytes", plan->output_bytes},
                                              {"passes", (double)plan->n_pass},
                                              {"memory_bytes", (double)plan->peak_bytes},
                                              {"memory_limit_bytes", (double)shape->memory},
                                              {"seconds", forecast->seconds}};
    forecast_add_object("lineage", "guessed", forecast->estimate.guessed, figures, sizeof figures / sizeof *figures,
                        out);
}
