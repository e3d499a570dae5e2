/* assay run CONFIG: all jobs that the config names, in order. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "influence/influence.h"
#include "jobs/context.h"

enum { SUMMARY_QUERIES = 3 };

/* One line per job, in the order in which they build on each other. */
static const struct step {
    const char *section;
    enum status (*take)(struct context *context);
} steps[] = {
    {"train", step_train},
    {"influence", step_influence},
    {"seal", step_seal},
};

static enum status print_summary(const struct context *context)
{
    if (!context_talks(context) || config_get(&context->config, "influence") == NULL)
        return STATUS_OK;
    struct text summary;
    text_init(&summary);
    char *path = path_join(context->run_directory, "influence.h5");
    enum status status = influence_summary(path, SUMMARY_QUERIES, &summary);
    if (status == STATUS_OK)
        printf("\n%s\n", summary.bytes);
    memory_free(path);
    text_clear(&summary);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    static const char *const needed[] = {NULL};
    struct context context;
    enum status status = context_open(comm, options, needed, true, &context);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == STATUS_OK; i++) {
        if (config_get(&context.config, steps[i].section) == NULL)
            continue;
        if (strcmp(steps[i].section, "seal") == 0) /* the answer first, its root last */
            status = print_summary(&context);
        if (status == STATUS_OK)
            status = steps[i].take(&context);
        fflush(stdout);
    }
    context_close(&context);
    return status;
}

const struct job run_job = {
    .name = "run",
    .arguments = "CONFIG",
    .text = "run all jobs that the config names, in order; skip what is complete and unchanged",
    .options = "dbkq",
    .mpi = WITH_MPI,
    .run = run,
};
