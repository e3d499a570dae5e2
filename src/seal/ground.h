/* What a verification stands on: the key, the signed checkpoint, the signed statement. */
#ifndef ASSAY_SEAL_GROUND_H
#define ASSAY_SEAL_GROUND_H

#include <mpi.h>

#include "seal/checkpoint.h"
#include "seal/findings.h"
#include "seal/statement.h"

struct ground {
    struct verify_key key;
    bool key_was_given, has_key;
    bool has_root;                    /* root and size are signed: the log can be checked */
    struct log_checkpoint checkpoint; /* if has_root; from the statement if the checkpoint file itself is damaged */
    bool has_statement;
    struct statement statement; /* if has_statement */
};

/* Reads and checks them on rank 0 and shares them; what is wrong becomes findings on rank 0.  ground_clear releases it
 * in any case.
 * @collective comm   @fails BAD_RUN when the run was never sealed; BAD_KEY for a bad `vkey` (text or file, may be NULL)
 */
enum status ground_load(MPI_Comm comm, const char *run_directory, const char *vkey, struct findings *findings,
                        struct ground *ground);
void ground_clear(struct ground *ground);

#endif
