/* Whether what a reader took out of the tables of a run is what was sealed: for answers that must not stand on damage.
 */
#ifndef ASSAY_SEAL_READ_CHECK_H
#define ASSAY_SEAL_READ_CHECK_H

#include "seal/root.h"
#include "table/table.h"

/* A block of rows as it was read, on the grid of block_rows; all borrowed. */
struct read_block {
    const char *path;              /* of the table, within the run directory */
    const struct dataset *dataset; /* its shape is checked too */
    int64_t row_first, n_row;      /* n_row 0: the shape alone */
    int64_t bytes;
    uint8_t sha256[DIGEST_BYTES]; /* of the bytes that were used */
};

struct read_report {
    struct sealed_root root; /* that they were held against */
    int64_t n_dataset, n_block, n_byte;
};

/* Looks up the entry of every dataset and block in the run's log, and proves each to be under the signed root.  `vkey`
 * (text or file) NULL: the run's own key.  `blocks` are sorted, and repeats are passed over.
 * @local   @fails DIFFERS with the first that is not what was sealed; BAD_RUN when the run was never sealed; BAD_KEY */
enum status read_check(const char *run_directory, const char *vkey, struct read_block *blocks, int64_t n,
                       struct read_report *report);

#endif
