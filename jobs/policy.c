/* assay policy CONFIG: which features carry the behaviour, and what each training pair did to them. */
#include "policy/policy.h"

#include <stdio.h>

#include "jobs/context.h"
#include "jobs/outcome.h"

static void print_json(const struct policy_outcome *outcome)
{
    struct text json;
    outcome_begin(&json, "policy");
    outcome_done(&json, outcome->unchanged);
    outcome_count(&json, "probes", outcome->n_probe);
    outcome_count(&json, "features", outcome->n_feature);
    outcome_count(&json, "behaviours", outcome->n_behaviour);
    outcome_count(&json, "pairs", outcome->n_pair);
    outcome_text(&json, "form", outcome->primal ? "primal" : "dual");
    if (!outcome->unchanged)
        outcome_number(&json, "lambda", outcome->lambda);
    outcome_print(&json);
}

enum status step_policy(struct context *context)
{
    struct problem_request request = context_problem(context);
    struct policy_outcome outcome;
    enum status status = policy_run(context->comm, &request, context->run_directory, context->resolved.bytes,
                                    context_talks(context), &outcome);
    if (status == STATUS_OK && context_talks(context)) {
        char probes[32], features[32], pairs[32];
        printf("policy     %s: %s probes x %s features, %lld behaviours, %s form",
               outcome.unchanged ? "unchanged" : "done", figure_count(outcome.n_probe, probes),
               figure_count(outcome.n_feature, features), (long long)outcome.n_behaviour,
               outcome.primal ? "primal" : "dual");
        if (outcome.n_pair > 0)
            printf(", %s pairs", figure_count(outcome.n_pair, pairs));
        if (!outcome.unchanged)
            printf(", lambda %g", outcome.lambda);
        printf("\n");
    }
    if (status == STATUS_OK && context_talks_json(context))
        print_json(&outcome);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {"policy", NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, true, &context);
    if (status == STATUS_OK) {
        status = step_policy(&context);
        context_close(&context);
    }
    return status;
}

const struct job policy_job = {
    .name = "policy",
    .arguments = "CONFIG",
    .text = "model a behaviour by features, and what each pair did to it",
    .options = "dbjq",
    .mpi = WITH_MPI,
    .stops = true,
    .run = run,
};
