/* A job of the program, and what the command line asked of it. */
#ifndef ASSAY_JOBS_JOB_H
#define ASSAY_JOBS_JOB_H

#include <mpi.h>
#include <stdbool.h>

#include "base/status.h"

struct options {
    const char *program;                                  /* as it was called, for commands shown to people */
    const char *target;                                   /* the config, run directory or proof file */
    const char *what;                                     /* prove: which input or table block; diff: the other run */
    const char *directory;                                /* overrides run.directory */
    const char *inputs;                                   /* verify: where the inputs are now */
    const char *key;                                      /* seal: signing key file; verify: vkey or a file with one */
    const char *content;                                  /* verify a proof: the file it speaks of */
    const char *sample;                                   /* prove: the id of a sample */
    const char *output;                                   /* prove: the proof file */
    const char *backend;                                  /* integer GEMM; overrides that of every section */
    const char *ranks, *nodes, *cpus, *examples, *memory; /* plan: figures as they were written */
    const char *calibration;                              /* plan: the file with measured rates */
    const char *argument;                                 /* query: of a named question */
    const char *format;                                   /* query, report: of what they write */
    bool tables, verify;                                  /* query: list what there is; query, report: check first */
    bool calibrate, json;
    bool strict; /* lineage: a violation is an exit code */
    bool quiet;
};

enum mpi_use {
    WITHOUT_MPI,
    WITH_MPI,
    MPI_FOR_DIRECTORIES, /* only when the target is a run directory */
    MPI_TO_VERIFY        /* only with --verify */
};

struct job {
    const char *name;
    const char *arguments; /* "CONFIG" */
    const char *text;      /* one line */
    const char *options;   /* letters of option_table that apply */
    const char *more;      /* further help, or NULL */
    enum mpi_use mpi;
    bool stops; /* ends in good order when a signal asks for it; others are ended by the signal itself */
    /* `comm` is MPI_COMM_NULL for a job without MPI.  The verdict is the same on every rank. */
    enum status (*run)(MPI_Comm comm, const struct options *options);
};

extern const struct job train_job, lineage_job, influence_job, policy_job, mechanism_job, counterfactual_job, seal_job,
    run_job, verify_job, check_job, prove_job, diff_job, plan_job, config_job, query_job, report_job, completion_job,
    manual_job;

#endif
