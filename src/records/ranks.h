/* The ranks that work on a file together, or one process that does not use MPI at all. */
#ifndef ASSAY_RECORDS_RANKS_H
#define ASSAY_RECORDS_RANKS_H

#include <stdint.h>

#include "comm/agree.h"

struct ranks {
    MPI_Comm comm; /* MPI_COMM_NULL: alone */
    int rank, size;
};

static inline struct ranks ranks_of(MPI_Comm comm)
{
    struct ranks ranks = {comm, 0, 1};
    if (comm != MPI_COMM_NULL) {
        MPI_Comm_rank(comm, &ranks.rank);
        MPI_Comm_size(comm, &ranks.size);
    }
    return ranks;
}

/* As agree and agree_from of rank 0.  @collective ranks->comm */
static inline enum status ranks_agree(const struct ranks *ranks, enum status local)
{
    return ranks->comm == MPI_COMM_NULL ? local : agree(ranks->comm, local);
}

static inline enum status ranks_agree_first(const struct ranks *ranks, enum status local)
{
    return ranks->comm == MPI_COMM_NULL ? local : agree_from(ranks->comm, 0, local);
}

/* Where rank `rank`'s share of n begins; that of rank `size` is n. */
static inline int64_t ranks_first(const struct ranks *ranks, int rank, int64_t n)
{
    return n / ranks->size * rank + n % ranks->size * rank / ranks->size;
}

/* In place: items [firsts[r], firsts[r + 1]) of rank r, of `bytes` each, come to all; size + 1 firsts, the same on
 * every rank.  @collective ranks->comm */
void ranks_gather(const struct ranks *ranks, void *items, size_t bytes, const int64_t *firsts);

#endif
