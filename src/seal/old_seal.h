/* A seal that no longer fits, taken away. */
#ifndef ASSAY_SEAL_OLD_SEAL_H
#define ASSAY_SEAL_OLD_SEAL_H

#include "base/status.h"

/* Removes what seal_run stores below `seal`, the checkpoint before all else and for good: a valid checkpoint never
 * stands over tiles of another log, not even after a crash.  The page about the run goes with it.  @local   @fails
 * CANNOT_WRITE */
enum status old_seal_remove(const char *seal);

#endif
