/* A directory that is about to be filled: nothing of an earlier hand-over may be taken for the new one. */
#ifndef ASSAY_REFERENCE_SWEEP_H
#define ASSAY_REFERENCE_SWEEP_H

#include "base/status.h"

/* Nothing that bears the name of a handed-over file or folder may be there: it would be someone else's.
 * @local   @fails CANNOT_WRITE */
enum status sweep_refuse_foreign(const char *directory);

/* Removes checkpoints, captures, autoencoder, lineage and what was probed (and their temporary files) of an earlier or
 * interrupted hand-over: with fewer shards or steps than before, a glob would pick up the rest of the old ones.  @local
 * @fails CANNOT_WRITE */
enum status sweep_earlier(const char *directory);

#endif
