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
    uint8_t *row_digest;          /* owned; n_block × DIGEST_BYTES: of the rows that these blocks have in the table */
    int64_t n_block;
};

void partial_init(struct partial *partial, const struct study *study, const struct influence_plan *plan);
void partial_clear(struct partial *partial);

/* Adds a tile of the block that has these rows (of the samples; known to the team's leader alone): kept entries and
 * group totals on the leader, totals of checkpoints and layers where they were scored.  @collective team */
void partial_add_tile(struct partial *partial, const struct study *study, const struct team *team,
                      const struct sample_rows *rows, const struct tile *tile);
/* `row_digest` (DIGEST_BYTES, see block_rows.h) counts on the team's leader alone.  @local   @fails BAD_INPUT */
enum status partial_end_block(struct partial *partial, const struct team *team, int64_t block, int exponent,
                              const uint8_t *row_digest);

/* Flat bytes, and merging such bytes.  A block that is in both is refused.  @fails BAD_RUN */
void partial_pack(struct partial *partial, struct text *bytes);
enum status partial_unpack(struct partial *partial, const char *bytes, int64_t n);

/* Everything on rank 0, by a binomial tree; the kept entries are then in order.  Segments and digests of rows stay
 * where they are.
 * @collective comm   @fails BAD_RUN */
enum status partial_reduce(MPI_Comm comm, struct partial *partial);

#endif
