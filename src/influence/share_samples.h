/* The training samples from rank 0 to all ranks, without their ids. */
#ifndef ASSAY_INFLUENCE_SHARE_SAMPLES_H
#define ASSAY_INFLUENCE_SHARE_SAMPLES_H

#include <mpi.h>

#include "records/records.h"

/* Rank 0's samples on every rank: counts, group columns and codes; ids stay on rank 0 (NULL elsewhere), their width
 * goes along.  samples_clear releases them.
 * @collective comm */
void share_samples(MPI_Comm comm, struct samples *samples);

#endif
