/* Totals over all training examples: per query and group value, layer and checkpoint, as exact sums. */
#ifndef ASSAY_INFLUENCE_TOTALS_H
#define ASSAY_INFLUENCE_TOTALS_H

#include "base/text.h"
#include "exact/sum.h"
#include "influence/scorer.h"
#include "records/sample_rows.h"

/* Group values of all columns are numbered through: value v of column c is offset[c] + v. */
struct totals {
    int64_t n_query, n_value;
    int n_used, n_layer;
    int64_t *offset; /* owned; n_column */
    int64_t n_column;
    struct sum *positive;       /* owned; n_value × n_query */
    struct sum *negative;       /* owned; n_value × n_query */
    struct sum *checkpoint;     /* owned; n_used × n_query */
    struct sum *layer;          /* owned; n_layer × n_query */
    int64_t *proponents;        /* owned; n_value × n_query: examples with a positive score */
    int64_t *plane;             /* owned; n_query: column sums of a tile */
    struct block_totals *block; /* owned; of the block under way */
};

void totals_init(struct totals *totals, const struct study *study);
void totals_clear(struct totals *totals);

/* Adds a tile's scores to the groups of its examples; `rows` are those of the block.  On the team's leader only.  Tiles
 * of one block share an exponent.  @local */
void totals_add_groups(struct totals *totals, const struct sample_rows *rows, const struct tile *tile);
/* Adds what this member scored to the totals of its checkpoints and of the layers.  @local */
void totals_add_parts(struct totals *totals, const struct team *team, const struct tile *tile);
/* Takes the block's integer sums into the exact sums.
 * @local   @fails BAD_INPUT when a sum leaves the range of sums */
enum status totals_end_block(struct totals *totals, int exponent);

/* Flat bytes for another rank or the journal, and adding such bytes.  @fails BAD_RUN when they do not fit this shape */
int64_t totals_packed_bytes(const struct totals *totals);
void totals_pack(struct totals *totals, struct text *bytes);
enum status totals_unpack(struct totals *totals, const char **bytes, int64_t *left);

#endif
