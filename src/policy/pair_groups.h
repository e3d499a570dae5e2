/* Groups of pairs compared by what they did to the watched features: exact sums, whatever the order. */
#ifndef ASSAY_POLICY_PAIR_GROUPS_H
#define ASSAY_POLICY_PAIR_GROUPS_H

#include <mpi.h>

#include "exact/sum.h"
#include "policy/pair_effect.h"
#include "policy/pair_records.h"

/* Of one value of one column, one behaviour and one watched feature, over the pairs with that value. */
enum group_sum { GROUP_SHIFT, GROUP_MAGNITUDE, GROUP_X, GROUP_Y, N_GROUP_SUMS };

struct pair_groups {
    const struct pair_records *records; /* borrowed */
    int64_t n_behaviour, n_watched;
    const int64_t *watched; /* borrowed; n_behaviour × n_watched */
    int64_t *first;         /* owned; per column: its values are [first[c], first[c + 1]) of all values */
    struct sum *sums;       /* owned; values × n_behaviour × n_watched × N_GROUP_SUMS: Σ shift, Σ |shift|,
                               Σ |Shapley ΔX|, Σ |Shapley ΔY| */
    int64_t *interfering;   /* owned; values × n_behaviour: pairs that interfere */
};

void pair_groups_init(const struct pair_records *records, int64_t n_behaviour, int64_t n_watched,
                      const int64_t *watched, struct pair_groups *groups);
void pair_groups_clear(struct pair_groups *groups);
int64_t pair_groups_bytes(const struct pair_records *records, int64_t n_behaviour, int64_t n_watched);

/* Adds one pair; interferes[b] is 1 where it does.  @local   @fails NOT_CONVERGED when a number cannot be summed */
enum status pair_groups_add(struct pair_groups *groups, int64_t pair, const struct shift *shift,
                            const int8_t *interferes);
/* What all ranks added together, on rank 0.  @collective comm */
void pair_groups_reduce(MPI_Comm comm, struct pair_groups *groups);

/* Column c as tables want it: means over the group's pairs (n_value × n_behaviour × n_watched).  The share of ΔX is
 * Σ |Shapley ΔX| / (Σ |Shapley ΔX| + Σ |Shapley ΔY|), 0 where nothing moved.  @local */
void pair_groups_means(const struct pair_groups *groups, int64_t c, double *shift, double *magnitude, double *share);

#endif
