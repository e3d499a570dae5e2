/* Mean, deviation and activity of every feature, from exact sums. */
#ifndef ASSAY_POLICY_STATISTICS_H
#define ASSAY_POLICY_STATISTICS_H

#include <mpi.h>

#include "policy/features.h"

/* Fills mean, deviation, square and active from the parts of all ranks.  @collective comm */
void statistics_measure(MPI_Comm comm, struct features *features);

#endif
