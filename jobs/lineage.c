/* assay lineage CONFIG: what was recorded of training, merged and checked. */
#include "lineage/lineage.h"

#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "jobs/context.h"
#include "jobs/outcome.h"

static void print_outcome(const struct lineage_outcome *outcome)
{
    char uses[32], steps[32], violations[32];
    if (outcome->unchanged)
        printf("lineage    unchanged: %s violations\n", figure_count(outcome->n_violation, violations));
    else
        printf("lineage    done: %s uses in %s steps of %lld recorder file%s, %s violations\n",
               figure_count(outcome->n_use, uses), figure_count(outcome->n_step, steps), (long long)outcome->n_recorder,
               outcome->n_recorder == 1 ? "" : "s", figure_count(outcome->n_violation, violations));
}

static void print_json(const struct lineage_outcome *outcome)
{
    struct text json;
    outcome_begin(&json, "lineage");
    outcome_done(&json, outcome->unchanged);
    if (!outcome->unchanged) {
        outcome_count(&json, "uses", outcome->n_use);
        outcome_count(&json, "steps", outcome->n_step);
        outcome_count(&json, "recorders", outcome->n_recorder);
    }
    outcome_count(&json, "violations", outcome->n_violation);
    outcome_print(&json);
}

enum status step_lineage(struct context *context)
{
    struct lineage_request request = context_lineage(context);
    struct lineage_outcome outcome;
    if (request.samples == NULL)
        return fail(BAD_CONFIG, "%s: samples: is missing: lineage needs this section", context->options->target);
    enum status status = lineage_run(context->comm, &request, context->run_directory, context->resolved.bytes,
                                     context_talks(context), &outcome);
    if (status == STATUS_OK && context_talks(context))
        print_outcome(&outcome);
    if (status == STATUS_OK && context_talks_json(context))
        print_json(&outcome);
    if (status == STATUS_OK && outcome.n_violation > 0 && (request.lineage->strict || context->options->strict))
        status = fail(DIFFERS, "lineage.h5: %lld violations were found, and strict was asked for",
                      (long long)outcome.n_violation);
    return status;
}

static enum status print_summary(const struct context *context)
{
    struct text summary;
    text_init(&summary);
    char *path = path_join(context->run_directory, "lineage.h5");
    enum status status = lineage_summary(path, &summary);
    if (status == STATUS_OK)
        printf("\n%s", summary.bytes);
    memory_free(path);
    text_clear(&summary);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {"lineage", "samples", NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, true, &context);
    if (status != STATUS_OK)
        return status;
    status = step_lineage(&context);
    if (context_talks(&context) && (status == STATUS_OK || status == DIFFERS)) {
        char *sentence = memory_copy_text(failure_sentence());
        enum status printed = print_summary(&context);
        if (printed == STATUS_OK && status == DIFFERS)
            fail(DIFFERS, "%s", sentence);
        status = printed == STATUS_OK ? status : printed;
        memory_free(sentence);
    }
    status = agree_from(comm, 0, status);
    context_close(&context);
    return status;
}

const struct job lineage_job = {
    .name = "lineage",
    .arguments = "CONFIG",
    .text = "merge and check what training recorded",
    .options = "dsjq",
    .more =
        "Reads the recorder files and orders that the config names, and writes lineage.h5: steps, uses by step and by "
        "sample, admissions, contributions, checkpoints, and what is wrong with the record.",
    .mpi = WITH_MPI,
    .stops = true,
    .run = run,
};
