/* Whether the segments of inputs leave no byte out. */
#ifndef ASSAY_SEAL_COVERAGE_H
#define ASSAY_SEAL_COVERAGE_H

#include "base/segment.h"

/* The raw segments of each file, from all tables together, must cover it from byte 0 to their common end without a gap:
 * a byte that no segment covers could change unseen.  The list is sorted.  @local   @fails BAD_RUN */
enum status coverage_check(const struct segment_list *segments);

#endif
