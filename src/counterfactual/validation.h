/* What methods foretold, held against models that were trained again. */
#ifndef ASSAY_COUNTERFACTUAL_VALIDATION_H
#define ASSAY_COUNTERFACTUAL_VALIDATION_H

#include "counterfactual/catalogue.h"
#include "counterfactual/method.h"
#include "counterfactual/retrained.h"

struct validation {
    struct retrained truth;
    struct methods methods;
    double *predicted[N_TRUTH_KINDS];            /* owned, as the rest; method × set × query: change of the output */
    int64_t *scenario;                           /* group: row of the scenarios that removes the same, -1: none */
    double *lds, *lds_mean, *lds_low, *lds_high; /* method × query; method */
    double *ceiling;                             /* query */
    double *loo, *loo_mean;                      /* method × query; method */
    double *group_pearson, *group_spearman;      /* method: over all groups and queries */
    double *slope;                               /* method: actual by predicted change, median over queries */
};

/* Loads the truth and foretells every model by every method: each set is worked out by one rank.
 * @collective comm   @fails BAD_INPUT, STOPPED */
enum status validation_make(MPI_Comm comm, struct slab *slab, const struct ridge *ridge, const struct scores *scores,
                            const struct scenarios *scenarios, struct validation *validation);
void validation_clear(struct validation *validation);

/* The figures, from predictions and truth; the same on every rank.  @local */
void validation_judge(const struct counterfactual_config *config, struct validation *validation);

void validation_list(struct catalogue *catalogue, const struct validation *validation);

#endif
