/* A sealed run on disk, as far as a proof needs it. */
#ifndef ASSAY_SEAL_SEALED_H
#define ASSAY_SEAL_SEALED_H

#include "seal/proof.h"

struct sealed {
    char *log; /* owned */
    struct verify_key key;
    struct text note; /* owned: the checkpoint's bytes */
    struct log_checkpoint checkpoint;
};

/* Reads the checkpoint and checks it with the run's own key.  sealed_clear releases it, also after a failure.
 * @local   @fails BAD_RUN */
enum status sealed_open(const char *run_directory, struct sealed *sealed);
void sealed_clear(struct sealed *sealed);

/* Completes a proof that has its entry and index: the hashes and the checkpoint.  @local   @fails BAD_RUN */
enum status sealed_prove(const struct sealed *sealed, struct proof *proof);

#endif
