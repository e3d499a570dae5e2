/* assay: one program, one file per job. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/stop.h"
#include "jobs/help.h"
#include "jobs/options.h"
#include "table/table.h"

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
            help_print(n < 2 ? stderr : stdout);
        return n < 2 ? BAD_USAGE : STATUS_OK;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        if (first)
            printf("assay %s\n", ASSAY_VERSION);
        return STATUS_OK;
    }
    const struct job *job = job_find(arguments[1]);
    if (job == NULL)
        return job_end(fail(BAD_USAGE, "\"%s\" is no job; see `assay --help`", arguments[1]), first);
    struct options options = {.program = arguments[0]};
    bool help = false;
    enum status status = options_parse(job, n - 2, arguments + 2, &options, &help);
    if (help && first)
        help_print_job(stdout, job);
    if (status != STATUS_OK || help)
        return job_end(status, first);
    if (job->mpi == WITH_MPI || (job->mpi == MPI_FOR_DIRECTORIES && path_is_directory(options.target)) ||
        (job->mpi == MPI_TO_VERIFY && options.verify))
        return run_with_mpi(job, &options);
    status = job->run(MPI_COMM_NULL, &options);
    fflush(stdout);
    return job_end(status, first);
}
