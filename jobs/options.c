#include "jobs/options.h"

#include <string.h>

const struct job *const all_jobs[] = {&run_job,    &check_job,      &train_job,          &lineage_job, &influence_job,
                                      &policy_job, &mechanism_job,  &counterfactual_job, &seal_job,    &verify_job,
                                      &prove_job,  &diff_job,       &plan_job,           &config_job,  &query_job,
                                      &report_job, &completion_job, &manual_job};
const int n_jobs = sizeof all_jobs / sizeof *all_jobs;

const struct option all_options[] = {
    {'d', "--directory", "DIR", NULL, offsetof(struct options, directory),
     "write the run there instead of run.directory"},
    {'b', "--backend", "NAME", "auto onednn blas", offsetof(struct options, backend),
     "integer product: auto, onednn, blas (same bits)"},
    {'k', "--key", "FILE", NULL, offsetof(struct options, key), "signing key instead of seal.key"},
    {'v', "--key", "VKEY", NULL, offsetof(struct options, key), "verification key (text or file) that you trust"},
    {'i', "--inputs", "DIR", NULL, offsetof(struct options, inputs), "where the inputs are now"},
    {'c', "--content", "FILE", NULL, offsetof(struct options, content),
     "compare this file with what the proof speaks of"},
    {'S', "--sample", "ID", NULL, offsetof(struct options, sample), "prove what the run did with this sample"},
    {'C', "--content", "FILE", NULL, offsetof(struct options, content), "prove whether the run used this content"},
    {'o', "--output", "FILE", NULL, offsetof(struct options, output), "where to write the proof"},
    {'r', "--ranks", "N", NULL, offsetof(struct options, ranks), "plan for so many ranks; default 1"},
    {'n', "--nodes", "N", NULL, offsetof(struct options, nodes), "on so many nodes; default 1"},
    {'p', "--cpus", "N", NULL, offsetof(struct options, cpus), "cores per rank; with 2, reading runs beside scoring"},
    {'x', "--examples", "N", NULL, offsetof(struct options, examples), "as if there were so many training examples"},
    {'m', "--memory", "SIZE", NULL, offsetof(struct options, memory), "bytes per rank instead of those of the config"},
    {'f', "--calibration", "FILE", NULL, offsetof(struct options, calibration), "rates to estimate times with"},
    {'a', "--calibrate", NULL, NULL, offsetof(struct options, calibrate), "measure this machine instead of planning"},
    {'w', "--output", "FILE", NULL, offsetof(struct options, output), "where to write the calibration"},
    {'t', "--directory", "DIR", NULL, offsetof(struct options, directory), "measure files there; default: here"},
    {'F', "--format", "NAME", "table csv json", offsetof(struct options, format), "table, csv or json"},
    {'T', "--tables", NULL, NULL, offsetof(struct options, tables), "list tables and columns with their units"},
    {'V', "--verify", NULL, NULL, offsetof(struct options, verify),
     "check every block that was read against the signed log"},
    {'R', "--format", "NAME", "html markdown csv", offsetof(struct options, format), "html (default), markdown or csv"},
    {'O', "--output", "FILE", NULL, offsetof(struct options, output), "where to write it; default: RUN/report.html"},
    {'B', "--verify", NULL, NULL, offsetof(struct options, verify), "first check every file against the root"},
    {'y', "--key", "VKEY", NULL, offsetof(struct options, key), "with --verify: verification key that you trust"},
    {'j', "--json", NULL, NULL, offsetof(struct options, json), "print one JSON object"},
    {'s', "--strict", NULL, NULL, offsetof(struct options, strict), "end with exit code 1 when a violation was found"},
    {'q', "--quiet", NULL, NULL, offsetof(struct options, quiet), "print nothing but errors"},
};
const int n_options = sizeof all_options / sizeof *all_options;

const struct job *job_find(const char *name)
{
    for (int i = 0; i < n_jobs; i++)
        if (strcmp(all_jobs[i]->name, name) == 0)
            return all_jobs[i];
    return NULL;
}

bool option_applies(const struct option *option, const struct job *job)
{
    return strchr(job->options, option->letter) != NULL;
}

static const struct option *find_option(const struct job *job, const char *name)
{
    for (int i = 0; i < n_options; i++)
        if (strcmp(all_options[i].name, name) == 0 && option_applies(&all_options[i], job))
            return &all_options[i];
    return NULL;
}

enum status options_parse(const struct job *job, int n, char **arguments, struct options *options, bool *help)
{
    for (int i = 0; i < n; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            *help = true;
            return STATUS_OK;
        }
        if (argument[0] == '-' && argument[1]) {
            const struct option *option = find_option(job, argument);
            if (option == NULL)
                return fail(BAD_USAGE, "assay %s: %s is no option of this job; see `assay %s --help`", job->name,
                            argument, job->name);
            void *place = (char *)options + option->offset;
            if (option->value == NULL)
                *(bool *)place = true;
            else if (i + 1 < n)
                *(const char **)place = arguments[++i];
            else
                return fail(BAD_USAGE, "assay %s: %s needs a value (%s)", job->name, argument, option->value);
        } else if (options->target == NULL && job->arguments[0]) {
            options->target = argument;
        } else if (options->what == NULL && (job == &prove_job || job == &diff_job || job == &query_job)) {
            options->what = argument;
        } else if (options->argument == NULL && job == &query_job) {
            options->argument = argument;
        } else {
            return fail(BAD_USAGE, "assay %s: \"%s\" is one argument too many; see `assay %s --help`", job->name,
                        argument, job->name);
        }
    }
    if (options->target == NULL && job->arguments[0] && job->arguments[0] != '[')
        return fail(BAD_USAGE, "assay %s: expected %s; see `assay %s --help`", job->name, job->arguments, job->name);
    return STATUS_OK;
}
