/* One walk over all training examples: what each changes alone, and which matter most to each query. */
#ifndef ASSAY_COUNTERFACTUAL_EXAMPLES_H
#define ASSAY_COUNTERFACTUAL_EXAMPLES_H

#include "counterfactual/extremes.h"
#include "counterfactual/ridge.h"
#include "table/table.h"

struct examples {
    struct extremes ridge;   /* change of the margin, lowest first; flip_candidates */
    struct extremes network; /* −score: strongest proponents first; flip_most */
};

/* Writes /samples/id and, with a ridge, /ridge/leverage, /ridge/loo/residual and /ridge/loo/margin, each rank its own
 * blocks.  ridge and scores may be NULL.
 * @collective comm   @fails BAD_INPUT, CANNOT_WRITE, STOPPED */
enum status examples_walk(MPI_Comm comm, struct slab *slab, const struct ridge *ridge, const struct scores *scores,
                          struct table *table, struct examples *examples);
void examples_clear(struct examples *examples);

#endif
