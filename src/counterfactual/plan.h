/* What a counterfactual job takes: arithmetic on shapes alone. */
#ifndef ASSAY_COUNTERFACTUAL_PLAN_H
#define ASSAY_COUNTERFACTUAL_PLAN_H

#include "counterfactual/inquiry.h"

struct counterfactual_shape {
    int64_t n_rank, n_train, n_query, n_scenario;
    int64_t n_feature, n_output; /* 0: no ridge level */
    int64_t n_set;               /* models trained again; 0: none */
    int64_t n_replicate, candidates, block_rows;
    int64_t sample_bytes; /* of a row of the samples file */
    bool all_scores;
    int64_t memory;
};

struct counterfactual_plan {
    int64_t fixed_bytes;    /* per rank: ridge, block, results, candidates, masks */
    int64_t scenario_bytes; /* per scenario that is worked on */
    int64_t at_a_time;      /* scenarios of a rank in one walk over the examples */
    int64_t n_walk;         /* walks of a rank over the examples, for scenarios */
    int64_t peak_bytes;
    double operations;   /* multiply-adds over all ranks */
    double read_bytes;   /* by every rank */
    double output_bytes; /* of the table */
};

/* The shape of an inquiry; what only reading tells (scenarios, outputs) is for the caller to set, or estimated here:
 * a scenario per value and per proponent, as many outputs as logits or classes, at least 2.  @local */
void counterfactual_shape_of(const struct inquiry *inquiry, int64_t n_rank, struct counterfactual_shape *shape);

/* The figures are there even when it fails.
 * @local   @fails CANNOT_FIT when a rank would need more than `memory` */
enum status counterfactual_plan_make(const struct counterfactual_shape *shape, struct counterfactual_plan *plan);

#endif
