/* assay check CONFIG: everything that can be known to be wrong before a job starts. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "counterfactual/scenario.h"
#include "jobs/context.h"
#include "jobs/forecast_lineage.h"
#include "jobs/outcome.h"
#include "mechanism/scene.h"
#include "policy/problem_plan.h"
#include "reference/admissions.h"
#include "reference/train_config.h"

/* What is wrong, a line each. */
struct problems {
    struct text text;
    bool of_config; /* a section is missing */
};

/* A sentence beside the verdict, for people. */
static void note(const struct context *context, const char *sentence)
{
    if (!context->options->json)
        fputs(sentence, stdout);
}

static void say_missing(const struct context *context, const char *section, const char *whose,
                        struct problems *problems)
{
    text_add(&problems->text, "%s: %s: is missing: %s needs this section\n", context->options->target, section, whose);
    problems->of_config = true;
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

static void check_train(const struct context *context, struct problems *problems)
{
    const struct train_config *train = config_get(&context->config, "train");
    if (train != NULL)
        admissions_check(train, context->inputs_directory, &problems->text);
}

static void check_influence(const struct context *context, struct problems *problems)
{
    struct study_request request = context_study(context);
    if (request.influence == NULL)
        return;
    if (request.samples == NULL)
        say_missing(context, "samples", "influence", problems);
    if (request.checkpoints == NULL)
        say_missing(context, "checkpoints", "influence", problems);
    if (request.samples == NULL || request.checkpoints == NULL)
        return;
    if (awaits_training(context, request.samples->file))
        note(context,
             "the inputs are not there yet: `assay train` or `assay run` makes them; checked the config only\n");
    else
        study_check(&request, &problems->text);
}

static void check_lineage(const struct context *context, struct problems *problems)
{
    struct lineage_request request = context_lineage(context);
    if (request.lineage == NULL)
        return;
    if (request.samples == NULL)
        say_missing(context, "samples", "lineage", problems);
    else if (lineage_awaits_training(context, &request))
        note(context, "lineage: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        lineage_check(&request, &problems->text);
}

static void check_policy(const struct context *context, struct problems *problems)
{
    struct problem_request request = context_problem(context);
    if (request.policy == NULL)
        return;
    if (awaits_training(context, request.policy->probes))
        note(context, "policy: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        problem_check(&request, &problems->text);
}

static void check_mechanism(const struct context *context, struct problems *problems)
{
    struct mechanism_request request = context_mechanism(context);
    if (request.mechanism == NULL)
        return;
    if (request.mechanism->level == LEVEL_POLICY && context_problem(context).policy == NULL)
        say_missing(context, "policy", "mechanism.level \"policy\"", problems);
    if (request.mechanism->parts != NULL && awaits_training(context, request.mechanism->parts))
        note(context, "mechanism: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        mechanism_check(&request, &problems->text);
}

static void check_counterfactual(const struct context *context, struct problems *problems)
{
    struct inquiry_request request = context_inquiry(context);
    if (request.counterfactual == NULL)
        return;
    if (request.samples == NULL)
        say_missing(context, "samples", "counterfactual", problems);
    else if (awaits_training(context, request.samples->file))
        note(context, "counterfactual: its inputs are not there yet: `assay train` or `assay run` makes them\n");
    else
        scenarios_check(&request, &problems->text);
}

/* The lines of `text`, each once, which it is cut into; the caller owns the list. */
static const char **list_lines(struct text *text, int64_t *n)
{
    int64_t most = 1;
    for (const char *at = text->bytes; (at = strchr(at, '\n')) != NULL; at++)
        most++;
    const char **lines = memory_allocate(most, sizeof *lines);
    *n = 0;
    for (char *line = text->bytes, *end; *line != 0; line = end) {
        end = line + strcspn(line, "\n");
        if (*end != 0)
            *end++ = 0;
        int64_t same = 0;
        while (same < *n && strcmp(lines[same], line) != 0)
            same++;
        if (same == *n && *line != 0)
            lines[(*n)++] = line;
    }
    return lines;
}

/* One sentence, whose lines all begin as the first one will. */
static enum status fail_with(enum status status, const char *const *lines, int64_t n)
{
    struct text sentence;
    text_init(&sentence);
    for (int64_t i = 0; i < n; i++) {
        if (i > 0)
            text_add(&sentence, "\nassay: %s: ", status_name(status));
        text_add(&sentence, "%s", lines[i]);
    }
    fail(status, "%s", sentence.bytes);
    text_clear(&sentence);
    return status;
}

static enum status tell(const struct options *options, struct problems *problems)
{
    int64_t n = 0;
    enum status status = STATUS_OK;
    const char **lines = list_lines(&problems->text, &n);
    if (options->json) {
        struct text json;
        outcome_begin(&json, "check");
        outcome_text(&json, "outcome", n > 0 ? "problems" : "good");
        outcome_texts(&json, "problems", lines, n);
        outcome_print(&json);
    }
    if (n > 0)
        status = fail_with(problems->of_config ? BAD_CONFIG : BAD_INPUT, lines, n);
    else if (!options->quiet && !options->json)
        printf("%s: nothing wrong was found\n", options->target);
    memory_free(lines);
    return status;
}

static enum status run(MPI_Comm comm, const struct options *options)
{
    (void)comm;
    struct context context;
    struct problems problems = {0};
    enum status status = context_open_local(options, &context);
    if (status != STATUS_OK)
        return status;
    text_init(&problems.text);
    check_train(&context, &problems);
    check_lineage(&context, &problems);
    check_influence(&context, &problems);
    check_policy(&context, &problems);
    check_mechanism(&context, &problems);
    check_counterfactual(&context, &problems);
    status = tell(options, &problems);
    text_clear(&problems.text);
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
