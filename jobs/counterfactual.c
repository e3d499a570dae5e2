/* assay counterfactual CONFIG: what would change without some training examples. */
#include "counterfactual/counterfactual.h"

#include <stdio.h>

#include "jobs/context.h"
#include "jobs/outcome.h"

static void print_json(const struct counterfactual_outcome *outcome)
{
    struct text json;
    outcome_begin(&json, "counterfactual");
    outcome_done(&json, outcome->unchanged);
    outcome_count(&json, "scenarios", outcome->n_scenario);
    outcome_count(&json, "queries", outcome->n_query);
    outcome_flag(&json, "ridge", outcome->ridge);
    outcome_flag(&json, "network", outcome->network);
    outcome_count(&json, "retrained", outcome->n_retrained);
    outcome_print(&json);
}

enum status step_counterfactual(struct context *context)
{
    struct inquiry_request request = context_inquiry(context);
    struct counterfactual_outcome outcome;
    enum status status = counterfactual_run(context->comm, &request, context->run_directory, context->resolved.bytes,
                                            context_talks(context), &outcome);
    if (status == STATUS_OK && context_talks(context)) {
        char scenarios[32], queries[32], retrained[32];
        printf("counterfactual  %s: %s scenarios x %s queries, %s", outcome.unchanged ? "unchanged" : "done",
               figure_count(outcome.n_scenario, scenarios), figure_count(outcome.n_query, queries),
               outcome.ridge && outcome.network ? "exact at ridge level, first order at network level"
               : outcome.ridge                  ? "exact at ridge level"
                                                : "first order at network level");
        if (outcome.n_retrained > 0)
            printf(", against %s retrained models", figure_count(outcome.n_retrained, retrained));
        printf("\n");
    }
    if (status == STATUS_OK && context_talks_json(context))
        print_json(&outcome);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {"samples", "counterfactual", NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, true, &context);
    if (status == STATUS_OK) {
        status = step_counterfactual(&context);
        context_close(&context);
    }
    return status;
}

const struct job counterfactual_job = {
    .name = "counterfactual",
    .arguments = "CONFIG",
    .text = "what would change without examples, groups, policies or sources",
    .options = "djq",
    .mpi = WITH_MPI,
    .stops = true,
    .run = run,
};
