/* The plan of an influence job: numbers only, made before anything starts. */
#ifndef ASSAY_INFLUENCE_PLAN_H
#define ASSAY_INFLUENCE_PLAN_H

#include <stdint.h>

#include "base/status.h"

/* What the plan is made from. */
struct influence_shape {
    int64_t n_train, n_query;
    int n_used, n_layer, n_factor;
    const int64_t *n_column; /* n_layer × n_factor */
    int64_t n_group_value;   /* distinct values over all group columns */
    int64_t input_row_bytes; /* largest stored row of any tensor */
    int64_t n_digit, block_rows, top, memory;
};

struct influence_plan {
    int64_t n_train, n_query, top; /* top: no more than n_train */
    int64_t block_rows, n_block;   /* fixed by the config: the same for any number of ranks */
    int64_t tile_rows;             /* rows scored at a time; does not influence results */
    int score_bits;                /* |score integer| ≤ 2^score_bits, so that a block's sums fit int64 */
    int64_t digit_bytes;           /* of a block's digits, all checkpoints and layers */
    int64_t query_bytes;           /* of the queries' digits */
    int64_t tile_bytes, total_bytes, top_bytes, read_bytes;
    int64_t peak_bytes; /* per rank */
};

/* @local   @fails CANNOT_FIT with the sizes and what to change */
enum status influence_plan_make(const struct influence_shape *shape, struct influence_plan *plan);

#endif
