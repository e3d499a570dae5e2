/* The trainer's own lineage: a recorder file beside what it hands over (capture/README.md says what is in it). */
#ifndef ASSAY_REFERENCE_RECORD_H
#define ASSAY_REFERENCE_RECORD_H

#include "reference/hand_over.h"
#include "reference/listings.h"
#include "reference/training.h"

/* Below the directory of the hand-over. */
extern const char record_path[];

struct record; /* of one training, written by one rank */

/* Begins the file: what the layers are, whose the samples are, their roles, and under which policies
 * they were admitted or rejected.  samples_sha256: of samples.jsonl, whose lines count the samples.  The training is
 * asked to account for its steps.  @local   @fails CANNOT_WRITE */
enum status record_begin(const char *directory, struct training *training, const uint8_t samples_sha256[DIGEST_BYTES],
                         struct record **record);
/* The step that was just done: uses, losses, and the contributions to every layer.  @local   @fails CANNOT_WRITE */
enum status record_step(struct record *record);
/* What the network says to these samples at a checkpoint.  @local   @fails CANNOT_WRITE */
enum status record_predictions(struct record *record, const char *checkpoint, const int64_t *samples, int64_t n);
/* The checkpoints, with the digests that the hand-over knows of their files; then the file is whole.  Releases the
 * record in any case; notes == NULL: only that.  @local   @fails CANNOT_WRITE */
enum status record_end(struct record *record, const struct hand_over *hand_over, const struct checkpoint_note *notes,
                       int64_t n);

#endif
