/* The smallest sets of training examples whose removal makes each query come out otherwise: a greedy search, and so an
 * estimate from above; at ridge level with exact margins, at network level with first-order losses. */
#ifndef ASSAY_COUNTERFACTUAL_FLIPS_H
#define ASSAY_COUNTERFACTUAL_FLIPS_H

#include "counterfactual/catalogue.h"
#include "counterfactual/examples.h"

/* Of one level; all owned, per query. */
struct flips {
    int64_t n_query, most;
    uint8_t *flipped;  /* 1: the set was found */
    int64_t *count;    /* examples removed */
    int64_t *member;   /* n_query × most: training rows in the order of removal, then -1 */
    double *value;     /* n_query × most: margin, or loss, after each removal, then NaN */
    double *before;    /* margin, or loss, with all examples */
    double *threshold; /* network: the loss at which the runner-up draws level */
    double *refit;     /* ridge: the margin by a fit of its own without the whole set */
    int32_t *becomes;  /* ridge: what is predicted then */
};

/* All sets empty; before a table is laid out.  @local */
void flips_init(int64_t n_query, int64_t most, struct flips *flips);
void flips_clear(struct flips *flips);

/* The queries are dealt to the ranks.  @collective comm   @fails BAD_INPUT, NOT_CONVERGED, STOPPED */
enum status flips_find_ridge(MPI_Comm comm, struct slab *slab, const struct ridge *ridge,
                             const struct extremes *candidates, struct flips *flips);
/* Takes the strongest proponents until the loss, `scale` times the scores higher, reaches that at which the runner-up
 * draws level if the label's logit alone falls.  Reads network.logits and network.labels.
 * @collective comm   @fails BAD_INPUT */
enum status flips_find_network(MPI_Comm comm, struct inquiry *inquiry, const struct extremes *candidates, double scale,
                               struct flips *flips);

void flips_list_ridge(struct catalogue *catalogue, const struct flips *flips);
void flips_list_network(struct catalogue *catalogue, const struct flips *flips);

#endif
