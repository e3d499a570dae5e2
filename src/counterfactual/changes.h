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

struct changes_request { /* all borrowed */
    MPI_Comm comm;
    struct slab *slab;
    const struct scenarios *scenarios;
    const struct ridge *ridge; /* NULL: no such level, as the next one */
    const struct scores *scores;
    int64_t at_a_time; /* scenarios of a rank in one walk over the examples */
    bool show;         /* progress */
};

/* @collective request->comm   @fails BAD_INPUT, NOT_CONVERGED, STOPPED */
enum status changes_find(const struct changes_request *request, struct changes *changes);
/* Puts the losses of the network on another scale.  @local */
void changes_scale(struct changes *changes, double scale);
void changes_clear(struct changes *changes);

#endif
