/* assay: one program, one file per job. */
#include <mpi.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/stop.h"
#include "jobs/job.h"
#include "table/table.h"

static const struct job *const jobs[] = {
    &run_job,  &check_job,  &train_job, &lineage_job, &influence_job, &policy_job, &mechanism_job, &counterfactual_job,
    &seal_job, &verify_job, &prove_job, &diff_job,    &plan_job,      &config_job, &query_job,     &report_job};
enum { N_JOBS = sizeof jobs / sizeof *jobs };

static const struct option {
    char letter;
    const char *name, *value; /* value: NULL for a flag */
    size_t offset;
    const char *text;
} option_table[] = {
    {'d', "--directory", "DIR", offsetof(struct options, directory), "write the run there instead of run.directory"},
    {'b', "--backend", "NAME", offsetof(struct options, backend), "integer product: auto, onednn, blas (same bits)"},
    {'k', "--key", "FILE", offsetof(struct options, key), "signing key instead of seal.key"},
    {'v', "--key", "VKEY", offsetof(struct options, key), "verification key (text or file) that you trust"},
    {'i', "--inputs", "DIR", offsetof(struct options, inputs), "where the inputs are now"},
    {'c', "--content", "FILE", offsetof(struct options, content), "compare this file with what the proof speaks of"},
    {'S', "--sample", "ID", offsetof(struct options, sample), "prove what the run did with this sample"},
    {'C', "--content", "FILE", offsetof(struct options, content), "prove whether the run used this content"},
    {'o', "--output", "FILE", offsetof(struct options, output), "where to write the proof"},
    {'r', "--ranks", "N", offsetof(struct options, ranks), "plan for so many ranks; default 1"},
    {'n', "--nodes", "N", offsetof(struct options, nodes), "on so many nodes; default 1"},
    {'p', "--cpus", "N", offsetof(struct options, cpus), "cores per rank; with 2, reading runs beside scoring"},
    {'x', "--examples", "N", offsetof(struct options, examples), "as if there were so many training examples"},
    {'m', "--memory", "SIZE", offsetof(struct options, memory), "bytes per rank instead of those of the config"},
    {'f', "--calibration", "FILE", offsetof(struct options, calibration), "rates to estimate times with"},
    {'a', "--calibrate", NULL, offsetof(struct options, calibrate), "measure this machine instead of planning"},
    {'w', "--output", "FILE", offsetof(struct options, output), "where to write the calibration"},
    {'t', "--directory", "DIR", offsetof(struct options, directory), "measure files there; default: here"},
    {'F', "--format", "NAME", offsetof(struct options, format), "table, csv or json"},
    {'T', "--tables", NULL, offsetof(struct options, tables), "list tables and columns with their units"},
    {'V', "--verify", NULL, offsetof(struct options, verify), "check every block that was read against the signed log"},
    {'R', "--format", "NAME", offsetof(struct options, format), "html (default), markdown or csv"},
    {'O', "--output", "FILE", offsetof(struct options, output), "where to write it; default: RUN/report.html"},
    {'B', "--verify", NULL, offsetof(struct options, verify), "first check every file against the root"},
    {'y', "--key", "VKEY", offsetof(struct options, key), "with --verify: verification key that you trust"},
    {'j', "--json", NULL, offsetof(struct options, json), "print one JSON object"},
    {'s', "--strict", NULL, offsetof(struct options, strict), "end with exit code 1 when a violation was found"},
    {'q', "--quiet", NULL, offsetof(struct options, quiet), "print nothing but errors"},
};
enum { N_OPTIONS = sizeof option_table / sizeof *option_table };

/* Under a launcher every rank meets the same wrong command line: one sentence is enough. */
static bool is_first_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *rank = getenv(names[i]);
        if (rank != NULL)
            return atoi(rank) == 0;
    }
    return true;
}

static void print_usage(FILE *out)
{
    fprintf(out,
            "assay %s: which training examples made a model behave as it does, and the proof of it\n\n"
            "usage: assay JOB ...        one process\n"
            "       mpirun -n 4 assay JOB ...  or  srun assay JOB ...\n\njobs:\n",
            ASSAY_VERSION);
    for (int i = 0; i < N_JOBS; i++)
        fprintf(out, "  %-10s %-20s %s\n", jobs[i]->name, jobs[i]->arguments, jobs[i]->text);
    fprintf(out, "\n`assay JOB --help` tells more.  Exit codes:\n");
    for (int status = 0; status < STATUS_COUNT; status++)
        fprintf(out, "  %2d  %-15s %s\n", status, status_name(status), status_text(status));
}

/* Words of a text, in lines of at most HELP_WIDTH characters. */
static void print_wrapped(FILE *out, const char *text)
{
    enum { HELP_WIDTH = 100 };
    size_t column = 0;
    while (*(text += strspn(text, " \n"))) {
        size_t n = strcspn(text, " \n");
        if (column > 0 && column + 1 + n > HELP_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column > 0 ? " " : "", (int)n, text);
        text += n;
    }
    fputc('\n', out);
}

static void print_job_usage(FILE *out, const struct job *job)
{
    fprintf(out, "usage: assay %s %s [options]\n\n%s%s.\n", job->name, job->arguments, job->text,
            job->mpi == WITHOUT_MPI ? "" : " (on any number of MPI ranks)");
    if (job->more) {
        fputc('\n', out);
        print_wrapped(out, job->more);
    }
    if (job->options[0])
        fprintf(out, "\noptions:\n");
    for (int i = 0; i < N_OPTIONS; i++)
        if (strchr(job->options, option_table[i].letter))
            fprintf(out, "  %-12s %-6s %s\n", option_table[i].name, option_table[i].value ? option_table[i].value : "",
                    option_table[i].text);
}

static const struct job *find_job(const char *name)
{
    for (int i = 0; i < N_JOBS; i++)
        if (strcmp(jobs[i]->name, name) == 0)
            return jobs[i];
    return NULL;
}

static const struct option *find_option(const struct job *job, const char *name)
{
    for (int i = 0; i < N_OPTIONS; i++)
        if (strcmp(option_table[i].name, name) == 0 && strchr(job->options, option_table[i].letter))
            return &option_table[i];
    return NULL;
}

/* Arguments after the job's name.  `help` is set when they ask for it. */
static enum status parse_arguments(const struct job *job, int n, char **arguments, struct options *options, bool *help)
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
        } else if (options->target == NULL) {
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
    if (options->target == NULL && job->arguments[0] != '[')
        return fail(BAD_USAGE, "assay %s: expected %s; see `assay %s --help`", job->name, job->arguments, job->name);
    return STATUS_OK;
}

static void abort_all(void)
{
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

/* Prints the agreed sentence once and gives the exit code. */
static int job_end(enum status status, bool speaks)
{
    if (status != STATUS_OK && speaks)
        fprintf(stderr, "assay: %s: %s\n", status_name(status), failure_sentence());
    return (int)status;
}

/* MPI_Finalize ends HDF5 too, which would crash where it could not close a file. */
static void end_mpi(int code)
{
    int broken = table_left_open();
    MPI_Allreduce(MPI_IN_PLACE, &broken, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (broken)
        MPI_Abort(MPI_COMM_WORLD, code);
    MPI_Finalize();
}

static int run_with_mpi(const struct job *job, const struct options *options)
{
    if (job->stops)
        stop_listen();
    /* Open MPI opens a lock file beside each table, which a killed rank leaves behind: for file pointers that ranks
     * share, and none do here. */
    setenv("OMPI_MCA_sharedfp", "^lockedfile", 0);
    int provided; /* threads that read ahead never call MPI */
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    on_abort = abort_all;
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    enum status status = job->run(MPI_COMM_WORLD, options);
    fflush(stdout);
    int code = job_end(status, rank == 0);
    end_mpi(code);
    return code;
}

int main(int n, char **arguments)
{
    bool first = is_first_rank();
    if (n < 2 || strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0) {
        if (first)
            print_usage(n < 2 ? stderr : stdout);
        return n < 2 ? BAD_USAGE : STATUS_OK;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        if (first)
            printf("assay %s\n", ASSAY_VERSION);
        return STATUS_OK;
    }
    const struct job *job = find_job(arguments[1]);
    if (job == NULL)
        return job_end(fail(BAD_USAGE, "\"%s\" is no job; see `assay --help`", arguments[1]), first);
    struct options options = {.program = arguments[0]};
    bool help = false;
    enum status status = parse_arguments(job, n - 2, arguments + 2, &options, &help);
    if (help && first)
        print_job_usage(stdout, job);
    if (status != STATUS_OK || help)
        return job_end(status, first);
    if (job->mpi == WITH_MPI || (job->mpi == MPI_FOR_DIRECTORIES && path_is_directory(options.target)) ||
        (job->mpi == MPI_TO_VERIFY && options.verify))
        return run_with_mpi(job, &options);
    status = job->run(MPI_COMM_NULL, &options);
    fflush(stdout);
    return job_end(status, first);
}
