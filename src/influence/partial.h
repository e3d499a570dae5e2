/* A partial result: what some blocks have come to.  Two of them merge into one in any order, with the same bits. */
#ifndef ASSAY_INFLUENCE_PARTIAL_H
#define ASSAY_INFLUENCE_PARTIAL_H

#include <mpi.h>

#include "influence/plan.h"
#include "influence/team.h"
#include "influence/top.h"
#include "influence/totals.h"

struct partial {
    struct top top[N_SIDES];
    struct totals totals;
    struct segment_list segments; /* inputs read for these blocks */
    uint8_t *done;                /* owned; n_block flags: blocks in this partial result */
    int64_t n_block;
};

void partial_init(struct partial *partial, const struct study *study, const struct influence_plan *plan);
void partial_clear(struct partial *partial);

/* Adds a tile of the block whose first training example is `first`: kept entries and group totals on the team's leader,
 * totals of checkpoints and layers where they were scored.  @collective team */
void partial_add_tile(struct partial *partial, const struct study *study, const struct team *team, int64_t first,
                      const struct tile *tile);
/* @local   @fails BAD_INPUT */
enum status partial_end_block(struct partial *partial, const struct team *team, int64_t block, int exponent);

/* Flat bytes, and merging such bytes.  A block that is in both is refused.  @fails BAD_RUN */
void partial_pack(struct partial *partial, struct text *bytes);
enum status partial_unpack(struct partial *partial, const char *bytes, int64_t n);

/* Everything on rank 0, by a binomial tree; the kept entries are then in order.  Segments stay where they are.
 * @collective comm   @fails BAD_RUN */
enum status partial_reduce(MPI_Comm comm, struct partial *partial);

#endif
