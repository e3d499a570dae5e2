/* assay check CONFIG: everything that can be known to be wrong before a job starts. */
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "counterfactual/inquiry.h"
#include "jobs/context.h"
#include "jobs/forecast_lineage.h"
#include "jobs/outcome.h"
#include "mechanism/scene.h"
#include "policy/problem_plan.h"
#include "reference/admissions.h"
#include "reference/train_config.h"

/* A sentence beside the verdict, for people. */
static void note(const struct context *context, const char *sentence)
{
    if (!context->options->json)
        fputs(sentence, stdout);
}

/* Inputs that `train` has yet to make are no problem; say so.  `file` is one of them. */
static bool awaits_training(const struct context *context, const char *file)
{
    const struct train_config *train = config_get(&context->config, "train");
    if (train == NULL)
        return false;
    char *path = path_join(context->inputs_directory, file);
    bool there = path_exists(path);
    memory_free(path);
    return !there;
}

static void check_train(const struct context *context, struct text *problems)
{
    const struct train_config *train = config_get(&context->config, "train");
    if (train != NULL)
        admissions_check(train, context->inputs_directory, problems);
}

static void check_influence(const struct context *context, struct text *problems)
{
    struct study_request request = context_study(context);
    if (request.influence == NULL)
        return;
    if (request.samples == NULL)
        text_add(problems, "%s: samples: is missing: influence needs this section\n", context->options->target);
    if (request.checkpoints == NULL)
        text_add(problems, "%s: checkpoints: is missing: influence needs this section\n", context->options->target);
    if (request.samples == NULL || request.checkpoints == NULL)
        return;
    if (awaits_training(context, request.samples->file))
        note(context,
             "the inputs are not there yet: `assay train` or `assay run` makes them; checked the config only\n");
    else
        study_check(&request, problems);
}

static void check_lineage(const struct context *context, struct text *problems)
{
    struct lineage_request request = context_lineage(context);
    if (request.lineage == NULL)
        return;
    if (request.samples == NULL)
        text_add(problems, "%s: samples: is missing: lineage needs this section\n", context->options->target);
    else if (lineage_awaits_training(context, &request))
        note(context, "lineage: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        lineage_check(&request, problems);
}

static void check_policy(const struct context *context, struct text *problems)
{
    struct problem_request request = context_problem(context);
    if (request.policy == NULL)
        return;
    if (awaits_training(context, request.policy->probes))
        note(context, "policy: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        problem_check(&request, problems);
}

static void check_mechanism(const struct context *context, struct text *problems)
{
    struct mechanism_request request = context_mechanism(context);
    if (request.mechanism == NULL)
        return;
    if (request.mechanism->level == LEVEL_POLICY && context_problem(context).policy == NULL)
        text_add(problems, "%s: policy: is missing: mechanism.level \"policy\" needs this section\n",
                 context->options->target);
    if (request.mechanism->parts != NULL && awaits_training(context, request.mechanism->parts))
        note(context, "mechanism: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        mechanism_check(&request, problems);
}

static void check_counterfactual(const struct context *context, struct text *problems)
{
    struct inquiry_request request = context_inquiry(context);
    if (request.counterfactual == NULL)
        return;
    if (request.samples == NULL)
        text_add(problems, "%s: samples: is missing: counterfactual needs this section\n", context->options->target);
    else if (awaits_training(context, request.samples->file))
        note(context, "counterfactual: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        inquiry_check(&request, problems);
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    struct context context;
    enum status status = context_open_local(options, &context);
    if (status != STATUS_OK)
        return status;
    struct text problems;
    text_init(&problems);
    check_train(&context, &problems);
    check_lineage(&context, &problems);
    check_influence(&context, &problems);
    check_policy(&context, &problems);
    check_mechanism(&context, &problems);
    check_counterfactual(&context, &problems);
    if (options->json) {
        struct text json;
        outcome_begin(&json, "check");
        outcome_text(&json, "outcome", problems.length > 0 ? "problems" : "good");
        outcome_text(&json, "problems", problems.length > 0 ? problems.bytes : "");
        outcome_print(&json);
    }
    if (problems.length > 0) {
        problems.bytes[problems.length - 1] = 0; /* the last line feed: the sentence gets its own */
        status = fail(BAD_INPUT, "%s", problems.bytes);
    } else if (!options->quiet && !options->json) {
        printf("%s: nothing wrong was found\n", options->target);
    }
    text_clear(&problems);
    context_close(&context);
    return status;
}

const struct job check_job = {
    .name = "check",
    .arguments = "CONFIG",
    .text = "check config and inputs, run nothing; list every problem",
    .options = "djq",
    .mpi = WITHOUT_MPI,
    .run = run,
};
