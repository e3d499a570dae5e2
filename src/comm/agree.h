/* A failing rank never leaves alone. */
#ifndef ASSAY_COMM_AGREE_H
#define ASSAY_COMM_AGREE_H

#include <mpi.h>

#include "base/status.h"

/* The worst status of all ranks, on all ranks; if it is not STATUS_OK every rank's failure_sentence() becomes that of
 * the lowest guilty rank with that status.
 * @collective comm */
enum status agree(MPI_Comm comm, enum status local);

/* Like agree, but only what rank `root` says counts: for work that it alone did.  @collective comm */
enum status agree_from(MPI_Comm comm, int root, enum status local);

/* Test hook: the k-th call of agree or agree_from (k >= 1) fails on `rank` with FAULT_INJECTED.  k = 0: never.  The
 * environment variable ASSAY_FAIL_AGREE="K,RANK" does the same for a whole program.  @local */
void agree_fail_at(long k, int rank);
/* How many calls there were so far.  @local */
long agree_calls(void);

#endif
