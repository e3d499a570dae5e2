/* One block of training examples scored against all queries: the numeric core. */
#ifndef ASSAY_INFLUENCE_BLOCK_H
#define ASSAY_INFLUENCE_BLOCK_H

#include "exact/gemm.h"
#include "influence/plan.h"
#include "influence/study.h"

/* Digits and squared norms of a set of rows for every used checkpoint, layer and factor:
 * index (k * n_layer + l) * MAX_FACTORS + f. */
struct gradients {
    int64_t n_row;
    int n_digits;          /* items of `digits` */
    struct digits *digits; /* owned */
    double *square;        /* owned; n_row × n_used × n_layer: ‖g‖² of row, checkpoint, layer */
};

/* Reads rows [first, first + n) of one side of all captures.
 * @local   @fails BAD_INPUT */
enum status gradients_load(const struct study *study, bool train, int64_t first, int64_t n,
                           struct segment_list *segments, struct gradients *gradients);
void gradients_clear(struct gradients *gradients);
/* Squared norm of a row over the layers of used checkpoint k, and Σ_k weight_k of it (self-influence). */
double gradients_square(const struct study *study, const struct gradients *gradients, int64_t row, int k);
double gradients_self(const struct study *study, const struct gradients *gradients, int64_t row);

/* Scores of the rows [row, row + n) of a block as integers on the block's grid: score = integer · 2^exponent. */
struct tile {
    int64_t row, n, n_query;
    int exponent;
    int64_t *total;         /* owned; n × n_query */
    int64_t *by_checkpoint; /* owned; n_used planes of n × n_query; equal to total when there is one */
    int64_t *by_layer;      /* owned; n_layer planes */
};

struct scorer; /* the queries, the backend and scratch memory */

/* @local   `queries` is borrowed for the life of the scorer */
struct scorer *scorer_create(const struct study *study, const struct influence_plan *plan,
                             const struct gradients *queries, const struct gemm_backend *backend);
void scorer_destroy(struct scorer *scorer);

/* Fixes the grid of a block: 2^(exponent + score_bits) bounds every score in it by Cauchy and Schwarz.
 * @local   @fails BAD_INPUT when gradients are so large or small that scores leave the range of doubles */
enum status scorer_begin_block(struct scorer *scorer, const struct gradients *block);
/* Scores rows [row, row + n), n ≤ tile_rows, of the block; the tile is borrowed until the next call.  @local */
const struct tile *scorer_tile(struct scorer *scorer, int64_t row, int64_t n);

#endif
