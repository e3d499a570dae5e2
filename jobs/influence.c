/* assay influence CONFIG: every training example against every query. */
#include "influence/influence.h"

#include <stdio.h>

#include "jobs/context.h"

enum status step_influence(struct context *context)
{
    struct study_request request = context_study(context);
    struct influence_outcome outcome;
    enum status status = influence_run(context->comm, &request, context->run_directory, context->resolved.bytes,
                                       context_talks(context), &outcome);
    if (status == STATUS_OK && context_talks(context)) {
        char train[32], query[32];
        printf("influence  %s: %s examples x %s queries in %lld blocks", outcome.unchanged ? "unchanged" : "done",
               figure_count(outcome.n_train, train), figure_count(outcome.n_query, query), (long long)outcome.n_block);
        if (outcome.n_resumed > 0)
            printf(", %lld of them from an earlier run", (long long)outcome.n_resumed);
        printf("\n");
    }
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
    .options = "dbq",
    .mpi = WITH_MPI,
    .run = run,
};
