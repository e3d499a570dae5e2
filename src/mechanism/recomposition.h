/* Recomposition: the behaviour rebuilt from the strongest parts alone, beside as many random ones. */
#ifndef ASSAY_MECHANISM_RECOMPOSITION_H
#define ASSAY_MECHANISM_RECOMPOSITION_H

#include <mpi.h>

#include "mechanism/scene.h"

/* Per behaviour and k; owned; on rank 0. */
struct recomposition {
    int64_t n_behaviour, n_k, n_probe; /* n_k 0: not measured */
    int64_t *k;                        /* n_k, ascending */
    double *r2, *auc;                  /* n_behaviour × n_k: against the behaviour as measured */
    double *random_r2, *random_low, *random_high, *random_auc; /* mean, least, largest; mean: over draws; NaN without */
    int64_t *enough;      /* n_behaviour: index of the least k from which R² is enough; −1: none is */
    double *residual;     /* n_behaviour × n_probe: measured − rebuilt, at `enough`, or at the last k */
    uint8_t *unexplained; /* n_behaviour × n_probe: |residual| is too many deviations of the behaviour */
};

/* @collective comm   @fails BAD_INPUT */
enum status recomposition_make(MPI_Comm comm, struct scene *scene, struct recomposition *recomposition);
void recomposition_clear(struct recomposition *recomposition);

/* Standard deviation of a population.  @local */
double deviation_of(const double *values, int64_t n);

#endif
