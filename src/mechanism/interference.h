/* Interference: what two parts do together beyond what each does alone. */
#ifndef ASSAY_MECHANISM_INTERFERENCE_H
#define ASSAY_MECHANISM_INTERFERENCE_H

#include <mpi.h>

#include "mechanism/effects.h"

/* n_behaviour × n_pair each; owned. */
struct interference {
    int64_t n_behaviour, n_pair; /* 0: not measured */
    double *both, *sum, *excess; /* mean effect of both, sum of the mean effects of each, and both − sum */
    double *low, *high;          /* bootstrap interval of the excess */
};

/* Of the main intervention.  Each pair on one rank, the same result on all.
 * @collective comm   @fails BAD_INPUT */
enum status interference_measure(MPI_Comm comm, struct scene *scene, struct resample *resample,
                                 struct interference *interference);
void interference_clear(struct interference *interference);

#endif
