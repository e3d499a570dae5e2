/* The plan of a lineage job: numbers only. */
#ifndef ASSAY_LINEAGE_PLAN_H
#define ASSAY_LINEAGE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* What the plan is made from. */
struct lineage_shape {
    int64_t n_rank, memory; /* bytes per rank */
    int64_t n_sample, n_step, n_use, n_event, n_event_use, n_group, n_column;
    int64_t n_observed;   /* rows about samples that decide nothing */
    int64_t id_bytes;     /* of a sample */
    int64_t reader_bytes; /* that reading the samples file takes */
    int64_t n_detail;     /* numbers of examples' contributions */
    int64_t largest_step; /* bytes of the largest step, all processes together */
    bool has_losses, has_weights;
};

struct lineage_plan {
    int64_t ledger_bytes; /* all that is not about single samples; on every rank */
    int64_t window_bytes; /* steps that are read at a time */
    int64_t share_bytes;  /* samples that are worked on at a time */
    int64_t sample_bytes; /* of one sample among them; the next two also */
    int64_t use_bytes, event_bytes;
    int64_t n_pass; /* over the uses, to sort them by sample; about */
    int64_t peak_bytes;
    double output_bytes; /* of the table, but for texts */
};

/* The plan's figures are there even when it does not fit.  @local   @fails CANNOT_FIT */
enum status lineage_plan_make(const struct lineage_shape *shape, struct lineage_plan *plan);

#endif
