/* The steps of one window with all that belongs to them, read and ready to be written. */
#ifndef ASSAY_LINEAGE_CHUNK_H
#define ASSAY_LINEAGE_CHUNK_H

#include "lineage/sources.h"

struct chunk {
    int64_t first, end; /* steps of the ledger; the next counts are of all of them */
    int64_t n_step, n_use, n_contribution, n_detail, n_optimizer;
    /* All owned. */
    double *rates, *losses;               /* per step */
    int64_t *samples;                     /* per use */
    double *use_losses, *use_weights;     /* per use; NULL where the table has none */
    int64_t *group, *step, *detail_start; /* per contribution; step: of the ledger; detail_start: in the
                                             table, with its end */
    double *delta_norm, *residual, *rounding, *share_sum;
    uint8_t *conditional;
    double *norms, *shares;          /* per detail */
    int64_t *optimizer_contribution; /* row in the table, -1: none */
    int32_t *optimizer_kind, *optimizer_group;
    double *optimizer_norm, *optimizer_share;
};

/* @local   @fails BAD_INPUT when a file changed since the ledger was made */
enum status chunk_read(struct sources *sources, int64_t first, int64_t end, struct chunk *chunk);
void chunk_clear(struct chunk *chunk);

#endif
