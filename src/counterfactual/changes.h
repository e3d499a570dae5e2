/* What every scenario changes: each is worked out by one rank, in the order of its rows. */
#ifndef ASSAY_COUNTERFACTUAL_CHANGES_H
#define ASSAY_COUNTERFACTUAL_CHANGES_H

#include "counterfactual/network_effect.h"
#include "counterfactual/ridge.h"

struct changes {
    int64_t n_scenario, n_query, n_output;
    double *prediction;                /* owned, as the rest; scenario × query × output: change, as the next ones */
    double *margin;                    /* scenario × query */
    double *additive;                  /* scenario × query: the margin's, if changes of single examples added up */
    int32_t *becomes;                  /* scenario × query: the output predicted then */
    double *loss, *error, *low, *high; /* scenario × query, of the network */
    uint8_t *kind;                     /* scenario × query: enum uncertainty */
};

/* ridge and scores may be NULL: no such level.
 * @collective comm   @fails BAD_INPUT, CANNOT_FIT, NOT_CONVERGED, STOPPED */
enum status changes_find(MPI_Comm comm, struct slab *slab, const struct scenarios *scenarios, const struct ridge *ridge,
                         const struct scores *scores, bool show, struct changes *changes);
/* Puts the losses of the network on another scale.  @local */
void changes_scale(struct changes *changes, double scale);
void changes_clear(struct changes *changes);

#endif
