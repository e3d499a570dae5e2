/* assay run CONFIG: all jobs that the config names, in order. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "counterfactual/counterfactual.h"
#include "influence/influence.h"
#include "jobs/context.h"
#include "mechanism/mechanism.h"
#include "policy/policy.h"

enum { SUMMARY_QUERIES = 3 };

/* One line per job, in the order in which they build on each other. */
static const struct step {
    const char *section;
    enum status (*take)(struct context *context);
    const struct job *job;
} steps[] = {
    {"train", step_train, &train_job},
    {"lineage", step_lineage, &lineage_job},
    {"influence", step_influence, &influence_job},
    {"policy", step_policy, &policy_job},
    {"mechanism", step_mechanism, &mechanism_job},
    {"counterfactual", step_counterfactual, &counterfactual_job},
    {"seal", step_seal, &seal_job},
};

/* A signal that came while nobody could act on it, between two steps or at the end of one. */
static enum status check_stop(const struct context *context, const struct step *next)
{
    return agree(
        context->comm,
        stop_requested()
            ? fail(STOPPED, "run: stopped on request before %s: run the same command again to go on", next->section)
            : STATUS_OK);
}

/* Steps that cannot stop in good order are ended by a signal, like any program: what they leave has no final name. */
static enum status take_step(struct context *context, const struct step *step)
{
    if (!step->job->stops)
        stop_unlisten();
    enum status status = check_stop(context, step);
    if (status == STATUS_OK)
        status = step->take(context);
    stop_listen();
    return status;
}

static enum status summarise_influence(const char *path, struct text *summary)
{
    return influence_summary(path, SUMMARY_QUERIES, summary);
}

/* What the jobs with an answer say of their tables. */
static const struct answer {
    const char *section, *table;
    enum status (*summarise)(const char *path, struct text *summary);
} answers[] = {
    {"lineage", "lineage.h5", lineage_summary},
    {"influence", "influence.h5", summarise_influence},
    {"policy", "policy.h5", policy_summary},
    {"mechanism", "mechanism.h5", mechanism_summary},
    {"counterfactual", "counterfactual.h5", counterfactual_summary},
};

static enum status print_summaries(const struct context *context)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof answers / sizeof *answers && status == STATUS_OK; i++) {
        if (!context_talks(context) || config_get(&context->config, answers[i].section) == NULL)
            continue;
        struct text summary;
        text_init(&summary);
        char *path = path_join(context->run_directory, answers[i].table);
        status = answers[i].summarise(path, &summary);
        if (status == STATUS_OK)
            printf("\n%s\n", summary.bytes);
        memory_free(path);
        text_clear(&summary);
    }
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
            status = agree_from(comm, 0, print_summaries(&context));
        if (status == STATUS_OK)
            status = take_step(&context, &steps[i]);
        fflush(stdout);
    }
    if (status == STATUS_OK && config_get(&context.config, "seal") == NULL)
        status = agree_from(comm, 0, print_summaries(&context));
    if (status == STATUS_OK)
        step_report(&context);
    context_close(&context);
    return status;
}

const struct job run_job = {
    .name = "run",
    .arguments = "CONFIG",
    .text = "run all jobs that the config names; skip what is unchanged",
    .options = "dbkjq",
    .more =
        "Ends with a report of the run, RUN/report.html.  With --json each job prints one object on a line of its own.",
    .mpi = WITH_MPI,
    .stops = true,
    .run = run,
};
