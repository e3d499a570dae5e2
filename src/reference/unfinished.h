/* A retraining that was interrupted: the networks it had finished, kept on disk from time to time, for the next start.
 */
#ifndef ASSAY_REFERENCE_UNFINISHED_H
#define ASSAY_REFERENCE_UNFINISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "reference/retrain.h"

/* truth/unfinished-RRRRR of rank R: which networks, and their outcomes; the digest of all that decides them before, the
 * digest of the file after them. */
struct unfinished {
    const char *directory;    /* borrowed; of the hand-over */
    uint8_t of[DIGEST_BYTES]; /* what the outcomes follow from: of another config or of other data they are not taken */
};

/* Takes what any rank of an earlier start had finished into *outcomes, and marks it in done[n_network].  Files that are
 * damaged, or of something else, are passed over.  @local */
void unfinished_load(const struct unfinished *unfinished, struct outcomes *outcomes, bool *done);

/* Writes those of `which` as this rank's file, in place of its earlier one.  @local   @fails CANNOT_WRITE */
enum status unfinished_store(const struct unfinished *unfinished, int rank, const struct outcomes *outcomes,
                             const bool *which);

/* Removes the files of all ranks, once there is nothing to go on with.  @local */
void unfinished_remove(const char *directory);

#endif
