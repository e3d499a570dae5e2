/* What every job that reads a config needs: the config, and the run directory it names. */
#ifndef ASSAY_JOBS_CONTEXT_H
#define ASSAY_JOBS_CONTEXT_H

#include "config/config.h"
#include "config/run_section.h"
#include "counterfactual/inquiry.h"
#include "influence/study.h"
#include "jobs/job.h"
#include "lineage/lineage.h"
#include "mechanism/scene.h"
#include "policy/problem.h"
#include "records/records.h"

/* Every section there is; NULL-terminated. */
extern const struct section *const all_sections[];

struct context {
    MPI_Comm comm;
    int rank;
    const struct options *options;
    struct config config;
    const struct run_config *run; /* borrowed from config */
    char *inputs_directory;       /* owned: of the config file */
    char *run_directory;          /* owned */
    struct text resolved;         /* the result's part of the config: run.json */
    struct text execution;        /* the rest: where and how fast */
    char started[32];             /* RFC 3339, UTC */
    int lock;                     /* rank 0: descriptor of the locked run.json; -1: none */
};

/* Reads the config, checks that the sections named (NULL-terminated) are there, and, if `claim`, makes the run
 * directory this config's: run.json is written, or must be the same.
 * @collective comm   @fails BAD_CONFIG, BAD_INPUT, BAD_RUN, CANNOT_WRITE */
enum status context_open(MPI_Comm comm, const struct options *options, const char *const *needed, bool claim,
                         struct context *context);
void context_close(struct context *context);

/* The same for jobs without MPI.  @local */
enum status context_open_local(const struct options *options, struct context *context);

/* Whether rank 0 should print sentences, or with --json objects (jobs/outcome.h). */
bool context_talks(const struct context *context);
bool context_talks_json(const struct context *context);

/* The request that the samples, checkpoints and influence sections make; borrowed from the context. */
struct study_request context_study(const struct context *context);
/* The request that the samples and lineage sections make; borrowed from the context. */
struct lineage_request context_lineage(const struct context *context);
/* The request that the policy section makes; borrowed from the context. */
struct problem_request context_problem(const struct context *context);
/* The request that the counterfactual section makes; borrowed from the context. */
struct inquiry_request context_inquiry(const struct context *context);

/* The request that the mechanism section makes, without features; borrowed from the context. */
struct mechanism_request context_mechanism(const struct context *context);

/* The steps that `run` shares with the single jobs; each prints its own line of outcome on rank 0.
 * @collective context->comm */
enum status step_train(struct context *context);
enum status step_lineage(struct context *context);
enum status step_influence(struct context *context);
enum status step_policy(struct context *context);
enum status step_mechanism(struct context *context);
enum status step_counterfactual(struct context *context);
enum status step_seal(struct context *context);
/* The private key's file, from the command line or the seal section, one of which must be.  The caller owns it. */
char *seal_key_path(const struct context *context);
/* The page about the run, signed if the run is sealed, by rank 0 alone.  A run is as good without it: if it cannot be
 * made, this says so.  @local */
void step_report(struct context *context);

#endif
