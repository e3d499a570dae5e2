/* Whether a run's tables give the tree of samples that its log tells of, and if not, which samples differ. */
#ifndef ASSAY_USAGE_CHECK_H
#define ASSAY_USAGE_CHECK_H

#include "usage/tree.h"

/* Is told every difference found, on the rank that finds it. */
typedef void usage_finder(void *context, const char *sentence);

/* Makes the tree anew, and compares it with the summary and with the stored one.  *n_made: its leaves; -1 when it could
 * not be made.
 * @collective comm   @fails FAULT_INJECTED only: what is wrong with the run is told */
enum status usage_check(MPI_Comm comm, const struct usage_request *request, const struct usage_summary *summary,
                        usage_finder *find, void *context, int64_t *n_made);

#endif
