/* What the jobs of a config will take: figures from the plans, and times from a calibration. */
#ifndef ASSAY_JOBS_FORECAST_H
#define ASSAY_JOBS_FORECAST_H

#include "influence/estimate.h"
#include "jobs/context.h"
#include "jobs/forecast_counterfactual.h"
#include "jobs/forecast_lineage.h"
#include "jobs/forecast_mechanism.h"
#include "jobs/forecast_policy.h"

/* As if …; 0: as the config and its inputs say. */
struct forecast_request {
    int64_t n_rank, n_node, n_cpu; /* n_cpu: cores of a rank */
    int64_t n_train, memory;
    const struct calibration *calibration; /* NULL: times are unknown */
};

struct train_forecast {
    double operations; /* multiplications and additions of every rank, which all train the same network */
    double output_bytes;
};

struct seal_forecast {
    double n_entry;
    double hashed_bytes; /* of tables, over all ranks; inputs were hashed as they were read */
};

struct forecast {
    struct forecast_request request;
    bool has_train, has_lineage, has_influence, has_policy, has_mechanism, has_counterfactual, has_seal;
    bool awaits_training; /* influence has no inputs yet: `train` makes them */
    char *misfit;         /* owned: why a rank does not fit; NULL when it does */
    struct train_forecast train;
    struct influence_shape shape; /* of influence, as the next two */
    struct influence_plan plan;
    struct influence_work work;
    struct lineage_forecast lineage;
    struct policy_forecast policy;
    struct mechanism_forecast mechanism;
    struct counterfactual_forecast counterfactual;
    struct seal_forecast seal;
    double record_bytes; /* per rank, while the samples file is read for the first time */
    double list_bytes;   /* rank 0: the lists of inputs and of blocks */
    double rank_bytes;   /* per rank, all in all, the program itself included */
    /* Seconds; below 0 when unknown: */
    struct influence_time time;
    double train_seconds, seal_seconds, seconds;
};

/* @local   @fails BAD_CONFIG, BAD_INPUT with every problem of the inputs; what does not fit is no failure here */
enum status forecast_make(const struct context *context, const struct forecast_request *request,
                          struct forecast *forecast);
void forecast_clear(struct forecast *forecast);

/* Minutes to ask Slurm for: half as much again, at least 5; 60 when nothing is known. */
int64_t forecast_minutes(const struct forecast *forecast);
/* MiB per core to ask Slurm for: an eighth more than is needed, in steps of 64. */
int64_t forecast_mebibytes(const struct forecast *forecast);

/* For people, within 100 columns, ending in the header of a Slurm script; and as one JSON object.  @local */
void forecast_show(const struct forecast *forecast, const char *config, struct text *out);
void forecast_add_json(const struct forecast *forecast, struct text *out);

#endif
