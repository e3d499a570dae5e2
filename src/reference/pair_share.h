/* The updates on single pairs, shared out over ranks. */
#ifndef ASSAY_REFERENCE_PAIR_SHARE_H
#define ASSAY_REFERENCE_PAIR_SHARE_H

#include <mpi.h>

#include "base/status.h"
#include "reference/probing.h"

/* Every rank updates on its own pairs; rank `root` gets the responses after all of them, in their order, in *all
 * (n_pair × n_probe × …; not looked at elsewhere).  The verdict is this rank's own: a rank that fails takes part to the
 * end.
 * @collective comm   @fails NOT_CONVERGED */
enum status pairs_update(MPI_Comm comm, const struct probing *probing, int root, const struct response *all);

#endif
