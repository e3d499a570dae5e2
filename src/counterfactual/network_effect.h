/* What scores foretell of the network without some examples, to first order, and how sure that is. */
#ifndef ASSAY_COUNTERFACTUAL_NETWORK_EFFECT_H
#define ASSAY_COUNTERFACTUAL_NETWORK_EFFECT_H

#include "counterfactual/scenario.h"
#include "counterfactual/scores.h"
#include "exact/sum.h"

enum uncertainty { UNCERTAINTY_NONE, UNCERTAINTY_CHECKPOINTS, UNCERTAINTY_BOOTSTRAP };

/* Of one scenario, per query. */
struct network_effect {
    double *change;     /* of the loss; NaN: not known */
    double *error;      /* standard error; NaN: none */
    double *low, *high; /* 5th and 95th percentile; NaN: none */
    uint8_t *kind;      /* enum uncertainty */
};                      /* all borrowed, n_query each */

/* Sums over the rows of one scenario as they come, in their order. */
struct network_sum {
    int64_t n_query, n_replicate, n_row;
    struct sum *total;     /* owned, as the rest; n_query */
    double *replicate;     /* n_replicate × n_query: Σ weight · score */
    double *replicate_sum; /* n_replicate: Σ weight */
};

void network_sum_init(int64_t n_query, int64_t n_replicate, struct network_sum *sum);
void network_sum_clear(struct network_sum *sum);
int64_t network_sum_bytes(int64_t n_query, int64_t n_replicate);

/* How often each replicate draws one row: a Poisson number of mean 1 that depends on the seed, the row and the
 * replicate alone.  @local */
void network_weights(int64_t seed, int64_t row, int64_t n_replicate, uint8_t *weight);
/* Adds a row's scores (n_query).  @local   @fails BAD_INPUT */
enum status network_sum_add(struct network_sum *sum, const double *score, const uint8_t *weight);
/* Totals, and the spread of the replicates, each scaled to as many examples as there are.  @local */
void network_sum_effect(const struct network_sum *sum, const struct network_effect *effect);

/* The same where influence.h5 keeps totals and the strongest pairs alone: what is not kept is not known.
 * `totals` of the group's column, or NULL.  @local */
void network_effect_kept(const struct scores *scores, const struct scenario *scenario,
                         const struct group_column *column, const double *totals, const struct network_effect *effect);
/* Of a single example: spread over checkpoints, where it is among the strongest.  @local */
void network_effect_spread(const struct scores *scores, int64_t example, const struct network_effect *effect);

#endif
