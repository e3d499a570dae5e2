/* What an influence job costs its busiest rank, and how long that takes on a calibrated machine. */
#ifndef ASSAY_INFLUENCE_ESTIMATE_H
#define ASSAY_INFLUENCE_ESTIMATE_H

#include <stdbool.h>

#include "cost/calibration.h"
#include "influence/plan.h"

/* Of the busiest rank, which leads its team. */
struct influence_work {
    double record_lines; /* of the samples file, parsed: its share in each pass, and those of its blocks */
    double read_bytes;   /* captures, and its part of all other bytes of inputs */
    double values;       /* stored numbers that become digits */
    double made_terms;   /* multiplications that make gradient rows of sequences */
    double digit_products, score_terms;
    double tallies; /* scores counted into kept entries and totals */
    double kept;    /* entries expected to enter its lists, and those merged from other ranks */
    double write_bytes;
    double n_message, message_bytes;
};

struct influence_other { /* what the shape does not say */
    double n_record;     /* lines of the samples file */
    double n_pass;       /* over it, before any block */
    double rest_bytes;   /* of inputs outside the captures' rows: read once, by all ranks together */
};

/* `plan` is that of `shape`.  @local */
void influence_work_make(const struct influence_shape *shape, const struct influence_plan *plan,
                         const struct influence_other *other, struct influence_work *work);

/* Seconds. */
struct influence_time {
    double records, read, score, write, reduce, total;
};

/* What is assumed of the network, where nothing was measured. */
#define ASSUMED_MESSAGE_SECONDS 20e-6
#define ASSUMED_NETWORK_BYTES   1e9

/* With `beside`, a rank has a second core for reading ahead, and reading hides behind scoring or the reverse; otherwise
 * both take their time.  @local */
void influence_time_make(const struct influence_work *work, const struct calibration *calibration, int n_digit,
                         bool beside, struct influence_time *time);

#endif
