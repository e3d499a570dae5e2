/* A block of rows, cut into transfers that MPI can count: its counts are ints, so more than 2 GiB at once is too much.
 */
#ifndef ASSAY_TABLE_TRANSFER_H
#define ASSAY_TABLE_TRANSFER_H

#include "table/table.h"

/* How rows [first, first + n) of a dataset are cut: along the outermost dimension of which one step fits the limit. */
struct transfers {
    const struct dataset *dataset; /* borrowed */
    int64_t first, n;              /* rows */
    int dim;                       /* that dimension */
    int64_t steps;                 /* along it in one transfer, at most */
    int64_t n_transfer;            /* 0 for a block without bytes */
};

struct transfer {
    int64_t start[TABLE_MAX_DIM], count[TABLE_MAX_DIM]; /* the part of the dataset */
    int64_t n_element;                                  /* product of count */
    int64_t offset;                                     /* bytes of the block that come before it */
};

/* `limit` in bytes, at least one element.  @local */
void transfers_plan(const struct dataset *dataset, int64_t first, int64_t n, int64_t limit,
                    struct transfers *transfers);
/* Transfer i of n_transfer, in order of the block's bytes.  @local */
void transfers_get(const struct transfers *transfers, int64_t i, struct transfer *transfer);

#endif
