/* assay influence CONFIG: every training example against every query. */
#include "influence/influence.h"

#include <stdio.h>
#include <stdlib.h>

#include "influence/profile.h"
#include "jobs/context.h"
#include "jobs/outcome.h"

/* Where the time went, for those who tune: on errors' channel, since it says nothing of the result. */
static void show_profile(const struct context *context)
{
    struct text text;
    text_init(&text);
    profile_report(context->comm, &text);
    if (context->rank == 0 && getenv("ASSAY_PROFILE") != NULL)
        fputs(text.bytes, stderr);
    text_clear(&text);
}

static void print_json(const struct influence_outcome *outcome)
{
    struct text json;
    outcome_begin(&json, "influence");
    outcome_done(&json, outcome->unchanged);
    outcome_count(&json, "examples", outcome->n_train);
    outcome_count(&json, "queries", outcome->n_query);
    outcome_count(&json, "blocks", outcome->n_block);
    outcome_count(&json, "blocks_resumed", outcome->n_resumed);
    outcome_flag(&json, "began_anew", outcome->began_anew);
    outcome_print(&json);
}

enum status step_influence(struct context *context)
{
    struct study_request request = context_study(context);
    struct influence_outcome outcome;
    enum status status = influence_run(context->comm, &request, context->run_directory, context->resolved.bytes,
                                       context_talks(context), &outcome);
    show_profile(context);
    if (status == STATUS_OK && context_talks(context)) {
        char train[32], query[32];
        printf("influence  %s: %s examples x %s queries in %lld blocks", outcome.unchanged ? "unchanged" : "done",
               figure_count(outcome.n_train, train), figure_count(outcome.n_query, query), (long long)outcome.n_block);
        if (outcome.n_resumed > 0)
            printf(", %lld of them from an earlier run", (long long)outcome.n_resumed);
        if (outcome.began_anew)
            printf(", none from an earlier run: an input changed after it");
        printf("\n");
    }
    if (status == STATUS_OK && context_talks_json(context))
        print_json(&outcome);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {"samples", "checkpoints", "influence", NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, true, &context);
    if (status == STATUS_OK) {
        status = step_influence(&context);
        context_close(&context);
    }
    return status;
}

const struct job influence_job = {
    .name = "influence",
    .arguments = "CONFIG",
    .text = "score every training example against every query into influence.h5",
    .options = "dbjq",
    .mpi = WITH_MPI,
    .stops = true,
    .run = run,
};
