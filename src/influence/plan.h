/* The plan of an influence job: numbers only, made before anything starts. */
#ifndef ASSAY_INFLUENCE_PLAN_H
#define ASSAY_INFLUENCE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { PLAN_MAX_FACTORS = 2, PLAN_EXAMPLES = 0, PLAN_QUERIES, PLAN_SIDES };

/* Bytes that a rank holds while it reads a layer: for each example of a block, and besides. */
struct reading_shape {
    int64_t example_bytes, fixed_bytes;
};

/* One layer at one checkpoint, as the digits have it. */
struct layer_shape {
    int n_factor;
    int64_t n_column[PLAN_MAX_FACTORS];
    int64_t train_rows, query_rows; /* rows of digits per example and per query: positions, or 1 */
    int64_t stored_bytes;           /* of one example, as the files have it */
    int64_t stored_values;          /* of one example: numbers that become digits, or the rows that do */
    int64_t made_terms;             /* of one example: multiplications that make a gradient row; 0 if none is made */
    struct reading_shape reading[PLAN_SIDES];
};

/* What the plan is made from. */
struct influence_shape {
    int64_t n_train, n_query, n_rank;
    int n_used, n_layer;
    const struct layer_shape *layers; /* borrowed; n_layer */
    int64_t n_group_value;            /* distinct values over all group columns */
    int64_t n_group_column;
    int64_t row_bytes;                        /* of one example's id and group codes */
    int64_t record_bytes;                     /* kept of the samples file, and of its lines while they are read */
    int64_t n_digit, block_rows, top, memory; /* memory: bytes per rank */
    bool keep_scores, ahead;                  /* ahead: a second block is read while one is scored */
    bool leading;                             /* only the leading products of digits */
};

struct influence_plan {
    int64_t n_train, n_query, top; /* top: no more than n_train */
    int64_t block_rows, n_block;   /* fixed by the config: the same for any number of ranks */
    int64_t n_member, n_team;      /* ranks of a team share a block's checkpoints; teams share the blocks */
    int64_t n_round;               /* blocks of the busiest team */
    int64_t tile_rows;             /* examples scored at a time; does not influence results; 0 when none fits */
    int score_bits;                /* |score integer| ≤ 2^score_bits, so that a block's sums fit int64 */
    int64_t digit_bytes;           /* of a block's digits, all checkpoints of a member */
    int64_t query_bytes;           /* of the queries' digits */
    int64_t tile_bytes, total_bytes, top_bytes, read_bytes;
    int64_t sample_bytes; /* ids and codes of blocks, and what is kept of the samples file */
    int64_t peak_bytes;   /* per rank */
    /* Over all ranks: */
    double input_bytes;    /* read and hashed: captures of training examples */
    double digit_products; /* 8-bit multiplications */
    double score_terms;    /* example × query × checkpoint × layer: passes over the score tile */
    double output_bytes;
    /* Per rank, the busiest: */
    double n_message, message_bytes;
};

/* For sizes of any kind: what cannot be counted in int64 does not fit.
 * @local   @fails CANNOT_FIT with the sizes and what to change */
enum status influence_plan_make(const struct influence_shape *shape, struct influence_plan *plan);

#endif
