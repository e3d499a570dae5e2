/* The examples with the lowest values, of every query; merged over ranks to the same ones. */
#ifndef ASSAY_COUNTERFACTUAL_EXTREMES_H
#define ASSAY_COUNTERFACTUAL_EXTREMES_H

#include <mpi.h>
#include <stdint.h>

struct extreme {
    double value;
    int64_t row; /* -1: none */
};

struct extremes {
    int64_t n_query, most;
    struct extreme *items; /* owned; n_query × 2 most, of which count[q] are in use */
    int64_t *count;        /* owned */
};

void extremes_init(int64_t n_query, int64_t most, struct extremes *extremes);
void extremes_clear(struct extremes *extremes);
int64_t extremes_bytes(int64_t n_query, int64_t most);
/* NaN is passed over.  @local */
void extremes_add(struct extremes *extremes, int64_t query, int64_t row, double value);
/* Every query's lowest of all ranks, lowest first, ties to the lower row: count[q] ≤ most of them.  @collective comm */
void extremes_merge(MPI_Comm comm, struct extremes *extremes);
static inline const struct extreme *extremes_of(const struct extremes *extremes, int64_t query)
{
    return extremes->items + query * 2 * extremes->most;
}

#endif
