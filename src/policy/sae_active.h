/* The active features of one row, as they are found: all of them, or the k largest. */
#ifndef ASSAY_POLICY_SAE_ACTIVE_H
#define ASSAY_POLICY_SAE_ACTIVE_H

#include <stdint.h>

/* With a limit, a heap whose root is the weakest entry: the smallest value, of equal ones the highest column. */
struct sae_active {
    int64_t limit; /* 0: none */
    int64_t n, capacity;
    int32_t *column; /* owned */
    double *value;   /* owned */
};

/* Nothing is allocated yet. */
void sae_active_init(struct sae_active *active, int64_t limit);
void sae_active_clear(struct sae_active *active);
void sae_active_empty(struct sae_active *active);
/* Columns come in ascending order; value > 0.  @local */
void sae_active_add(struct sae_active *active, int32_t column, double value);
/* Puts the entries in order of their columns; until it is emptied, nothing more can be added.  @local */
void sae_active_sort(struct sae_active *active);

#endif
