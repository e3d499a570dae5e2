/* The rows that one block has in influence.h5, and their digest: a job that goes on compares them with its journal. */
#ifndef ASSAY_INFLUENCE_BLOCK_ROWS_H
#define ASSAY_INFLUENCE_BLOCK_ROWS_H

#include "influence/partial.h"
#include "records/sample_rows.h"
#include "table/table.h"

/* Rows on their way into the table; after a failure the others are left out. */
struct block_rows {
    struct table *table; /* borrowed */
    struct digest *digest;
    enum status status;
};

/* Begin, then ids and codes, then self-influence, then, if they are kept, the scores of all tiles in order, then end.
 * @local */
void block_rows_begin(struct block_rows *rows, struct table *table);
void block_rows_samples(struct block_rows *rows, const struct sample_rows *samples);
void block_rows_self(struct block_rows *rows, int64_t first, int64_t n, const double *self);
void block_rows_scores(struct block_rows *rows, int64_t first, const struct tile *tile);
/* @local   @fails CANNOT_WRITE */
enum status block_rows_end(struct block_rows *rows, uint8_t sha256[DIGEST_BYTES]);

/* Whether the unfinished table PATH.partial still has the rows of every block that is done in `partial`.
 * @local   @fails BAD_RUN */
enum status block_rows_check(const char *path, const struct study *study, const struct influence_plan *plan,
                             const struct partial *partial);

#endif
