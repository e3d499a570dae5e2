/* The plan of a mechanism job: numbers only, made before anything starts. */
#ifndef ASSAY_MECHANISM_PLAN_H
#define ASSAY_MECHANISM_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* What the plan is made from. */
struct mechanism_shape {
    int64_t n_part, n_probe, n_behaviour, n_category, n_fold, n_resample, n_pair, n_rank;
    int64_t n_intervention;       /* that are measured or computed */
    int64_t n_control, n_measure; /* of a part: most controls of one intervention, and all responses read of it */
    int64_t block_parts;          /* read at a time */
    int64_t n_largest;            /* numbers of the largest tensor that one rank holds whole */
    int64_t memory;               /* bytes per rank */
};

struct mechanism_plan {
    int64_t n_block; /* of parts, dealt to the ranks in turn */
    /* Bytes per rank: */
    double block_bytes;    /* a block of parts and its controls, as stored and as doubles */
    double resample_bytes; /* the resamples of the bootstrap */
    double effect_bytes;   /* effects of all parts, which every rank holds */
    double tensor_bytes;   /* the largest other tensor */
    double peak_bytes;
    /* Over all ranks: */
    double read_bytes; /* of measurements, at 8 bytes a number */
    double operations; /* multiply-adds of the bootstrap */
    double output_bytes;
    double busiest; /* part of all blocks that the busiest rank has */
};

/* @local   @fails CANNOT_FIT with the sizes and what to change; the figures are there even then */
enum status mechanism_plan_make(const struct mechanism_shape *shape, struct mechanism_plan *plan);

#endif
