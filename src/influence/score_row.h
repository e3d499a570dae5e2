/* The scores of one example at one checkpoint and layer: from integer products to integers on the grid. */
#ifndef ASSAY_INFLUENCE_SCORE_ROW_H
#define ASSAY_INFLUENCE_SCORE_ROW_H

#include "exact/digits.h"
#include "influence/capture.h"

struct score_row { /* all borrowed */
    const struct capture *capture;
    int64_t n_query;
    const double *product[MAX_FACTORS];     /* rows of the example × rows of all queries */
    const struct digits *digits;            /* of the block, by factor */
    int64_t first_row;                      /* of the example in them */
    const double *query_scale[MAX_FACTORS]; /* powers of two */
    const double *query_weight;
    double weight; /* of checkpoint and example, in units of the grid */
};

/* out[j] = weight · query weight · ⟨g, g_j⟩, rounded half to even.  Scales are powers of two, so that only the
 * products, the bias, the sum over positions and the weights round, always in this order.  @local */
void score_row(const struct score_row *row, int64_t *out);

/* into[j] += from[j].  @local */
void score_add(int64_t *into, const int64_t *from, int64_t n);

#endif
