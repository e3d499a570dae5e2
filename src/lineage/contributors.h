/* The samples that moved each parameter group most. */
#ifndef ASSAY_LINEAGE_CONTRIBUTORS_H
#define ASSAY_LINEAGE_CONTRIBUTORS_H

#include <mpi.h>
#include <stdint.h>

struct contributor {
    int64_t sample; /* -1: none */
    double share, norm;
};

struct contributors {
    struct contributor *items; /* owned; n_group × keep, largest shares first, ties to the lower sample */
    int64_t n_group, keep;
};

void contributors_init(struct contributors *top, int64_t n_group, int64_t keep);
void contributors_clear(struct contributors *top);
void contributors_add(struct contributors *top, int64_t group, const struct contributor *contributor);
/* All ranks' on rank 0.  @collective comm */
void contributors_gather(MPI_Comm comm, struct contributors *top);

#endif
