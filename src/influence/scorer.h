/* One block of training examples scored against all queries: the numeric core. */
#ifndef ASSAY_INFLUENCE_SCORER_H
#define ASSAY_INFLUENCE_SCORER_H

#include "influence/gradients.h"
#include "influence/plan.h"
#include "influence/team.h"

/* Scores of examples [row, row + n) of a block as integers on the block's grid: score = integer · 2^exponent. */
struct tile {
    int64_t row, n, n_query;
    int exponent;
    int64_t *own;           /* owned; n × n_query: the sum over this member's checkpoints */
    int64_t *total;         /* owned; the sum over all checkpoints, on the team's leader; `own` in a team of one */
    int64_t *by_checkpoint; /* owned; a plane like `own` for each of this member's checkpoints */
    int64_t *by_layer;      /* owned; a plane like `own` for each layer */
};

struct scorer; /* the queries, the backend and scratch memory */

/* `queries` and `team` are borrowed for the life of the scorer.  @local */
struct scorer *scorer_create(const struct study *study, const struct influence_plan *plan, const struct team *team,
                             const struct gradients *queries, const struct gemm_backend *backend);
void scorer_destroy(struct scorer *scorer);

/* Fixes the grid of a block, the same for all members: 2^(exponent + score_bits) bounds every score in it by Cauchy and
 * Schwarz.
 * @collective team   @fails BAD_INPUT when scores could leave the range that exact sums hold */
enum status scorer_begin_block(struct scorer *scorer, const struct gradients *block);
/* Scores examples [row, row + n), n ≤ tile_rows, of the block; the tile is borrowed until the next call.
 * @collective team */
const struct tile *scorer_tile(struct scorer *scorer, int64_t row, int64_t n);

#endif
