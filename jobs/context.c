#include "jobs/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "reference/train_config.h"
#include "seal/seal_config.h"

enum { CONFIG_LIMIT = 16 << 20 };

const struct section *const all_sections[] = {&run_section,
                                              &train_section,
                                              &samples_section,
                                              &checkpoints_section,
                                              &lineage_section,
                                              &influence_section,
                                              &policy_section,
                                              &mechanism_section,
                                              &counterfactual_section,
                                              &seal_section,
                                              NULL};

/* Options of the command line that stand for a field. */
static void apply_overrides(struct context *context)
{
    struct influence_config *influence = config_get(&context->config, "influence");
    if (influence != NULL && context->options->backend != NULL) {
        memory_free(influence->backend);
        influence->backend = memory_copy_text(context->options->backend);
    }
    struct policy_config *policy = config_get(&context->config, "policy");
    if (policy != NULL && context->options->backend != NULL) {
        memory_free(policy->backend);
        policy->backend = memory_copy_text(context->options->backend);
    }
}

static enum status parse(struct context *context, const char *bytes, size_t n)
{
    enum status status = config_parse(bytes, n, context->options->target, all_sections, &context->config);
    if (status != STATUS_OK)
        return status;
    apply_overrides(context);
    context->run = config_get(&context->config, "run");
    context->inputs_directory = path_directory(context->options->target);
    if (context->run == NULL)
        return fail(BAD_CONFIG, "%s: run: is missing: every config needs this section (name, directory, origin)",
                    context->options->target);
    context->run_directory = context->options->directory
                                 ? memory_copy_text(context->options->directory)
                                 : path_join(context->inputs_directory, context->run->directory);
    config_resolved(&context->config, SCOPE_RESULT, &context->resolved);
    config_resolved(&context->config, SCOPE_EXECUTION, &context->execution);
    return STATUS_OK;
}

static void begin(MPI_Comm comm, const struct options *options, struct context *context)
{
    *context = (struct context){.comm = comm, .options = options, .lock = -1};
    text_init(&context->resolved);
    text_init(&context->execution);
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(context->started, sizeof context->started, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static enum status check_needed(const struct context *context, const char *const *needed)
{
    for (; *needed; needed++)
        if (config_get(&context->config, *needed) == NULL)
            return fail(BAD_CONFIG, "%s: %s: is missing: this job needs the section; see `assay config --help`",
                        context->options->target, *needed);
    return STATUS_OK;
}

/* The line in which two texts part, for a sentence. */
static int first_difference(const char *a, const char *b)
{
    int line = 1;
    for (; *a && *a == *b; a++, b++)
        line += *a == '\n';
    return line;
}

static enum status claim_run(const struct context *context)
{
    char *path = path_join(context->run_directory, "run.json");
    enum status status = STATUS_OK;
    if (path_exists(path)) {
        char *bytes;
        size_t n;
        status = file_load(path, CONFIG_LIMIT, &bytes, &n);
        if (status == STATUS_OK && strcmp(bytes, context->resolved.bytes) != 0)
            status = fail(BAD_RUN,
                          "%s: this run directory belongs to another config (they part at line %d of run.json): name "
                          "another run.directory or --directory, or remove this one",
                          context->run_directory, first_difference(bytes, context->resolved.bytes));
        if (status == STATUS_OK || status == BAD_RUN)
            memory_free(bytes);
    } else {
        status = file_store(path, context->resolved.bytes, context->resolved.length, 0666);
    }
    memory_free(path);
    return status;
}

/* One job at a time works in a run directory: two would write over each other.  The lock goes with the process, however
 * it ends; a job that was just killed gets some seconds to be gone. */
static enum status lock_run(struct context *context)
{
    enum { PATIENCE = 50 }; /* tenths of a second */
    char *path = path_join(context->run_directory, "run.json");
    context->lock = open(path, O_RDONLY | O_CLOEXEC);
    int locked =
        context->lock >= 0 ? flock(context->lock, LOCK_EX | LOCK_NB) : 0; /* unreadable: claim_run has said so */
    for (int i = 0; i < PATIENCE && locked != 0 && errno == EWOULDBLOCK; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        locked = flock(context->lock, LOCK_EX | LOCK_NB);
    }
    enum status status = STATUS_OK;
    if (locked != 0 && errno == EWOULDBLOCK) /* other errors: a file system without locks */
        status = fail(BAD_RUN,
                      "%s: another job is at work in this run directory: wait for it, or name another run.directory "
                      "or --directory",
                      context->run_directory);
    if (status == STATUS_OK)
        file_clean(path);
    memory_free(path);
    return status;
}

enum status context_open(MPI_Comm comm, const struct options *options, const char *const *needed, bool claim,
                         struct context *context)
{
    begin(comm, options, context);
    MPI_Comm_rank(comm, &context->rank);
    char *bytes = NULL;
    size_t n;
    enum status status = share_file(comm, NULL, options->target, CONFIG_LIMIT, &bytes, &n, NULL);
    if (status == STATUS_OK)
        status = agree(comm, parse(context, bytes, n)); /* the same bytes, and so the same verdict */
    memory_free(bytes);
    if (status == STATUS_OK)
        status = check_needed(context, needed);
    if (status == STATUS_OK && claim)
        status = agree_from(comm, 0, context->rank == 0 ? claim_run(context) : STATUS_OK);
    if (status == STATUS_OK && claim)
        status = agree_from(comm, 0, context->rank == 0 ? lock_run(context) : STATUS_OK);
    if (status != STATUS_OK)
        context_close(context);
    return status;
}

enum status context_open_local(const struct options *options, struct context *context)
{
    begin(MPI_COMM_NULL, options, context);
    char *bytes;
    size_t n;
    enum status status = file_load(options->target, CONFIG_LIMIT, &bytes, &n);
    if (status == STATUS_OK) {
        status = parse(context, bytes, n);
        memory_free(bytes);
    }
    if (status != STATUS_OK)
        context_close(context);
    return status;
}

void context_close(struct context *context)
{
    config_clear(&context->config);
    memory_free(context->inputs_directory);
    memory_free(context->run_directory);
    text_clear(&context->resolved);
    text_clear(&context->execution);
    if (context->lock >= 0)
        close(context->lock);
    *context = (struct context){0};
}

bool context_talks(const struct context *context)
{
    return context->rank == 0 && !context->options->quiet && !context->options->json;
}

bool context_talks_json(const struct context *context)
{
    return context->rank == 0 && context->options->json;
}

struct study_request context_study(const struct context *context)
{
    return (struct study_request){.directory = context->inputs_directory,
                                  .samples = config_get(&context->config, "samples"),
                                  .checkpoints = config_get(&context->config, "checkpoints"),
                                  .influence = config_get(&context->config, "influence"),
                                  .also = &context->run->also};
}

struct mechanism_request context_mechanism(const struct context *context)
{
    return (struct mechanism_request){.directory = context->inputs_directory,
                                      .run_directory = context->run_directory,
                                      .mechanism = config_get(&context->config, "mechanism"),
                                      .also = &context->run->also};
}

struct problem_request context_problem(const struct context *context)
{
    return (struct problem_request){.directory = context->inputs_directory,
                                    .policy = config_get(&context->config, "policy"),
                                    .also = &context->run->also};
}

struct inquiry_request context_inquiry(const struct context *context)
{
    return (struct inquiry_request){.directory = context->inputs_directory,
                                    .samples = config_get(&context->config, "samples"),
                                    .checkpoints = config_get(&context->config, "checkpoints"),
                                    .counterfactual = config_get(&context->config, "counterfactual"),
                                    .also = &context->run->also,
                                    .has_influence = config_get(&context->config, "influence") != NULL};
}

struct lineage_request context_lineage(const struct context *context)
{
    return (struct lineage_request){.directory = context->inputs_directory,
                                    .lineage = config_get(&context->config, "lineage"),
                                    .samples = config_get(&context->config, "samples"),
                                    .also = &context->run->also};
}
