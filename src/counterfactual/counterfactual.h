/* The counterfactual job: what would change without some training examples, into counterfactual.h5. */
#ifndef ASSAY_COUNTERFACTUAL_COUNTERFACTUAL_H
#define ASSAY_COUNTERFACTUAL_COUNTERFACTUAL_H

#include "counterfactual/inquiry.h"

struct counterfactual_outcome {
    bool unchanged; /* counterfactual.h5 was there already, of the same config, newer than its inputs */
    bool ridge, network;
    int64_t n_scenario, n_query, n_train;
    int64_t n_retrained; /* models of the ground truth; 0: none */
};

/* Writes RUN/counterfactual.h5; with has_influence it reads RUN/influence.h5.
 * @collective comm
 * @fails BAD_CONFIG, BAD_INPUT, BAD_RUN, CANNOT_FIT, CANNOT_WRITE, NOT_CONVERGED, STOPPED */
enum status counterfactual_run(MPI_Comm comm, const struct inquiry_request *request, const char *run_directory,
                               const char *config_text, bool show_progress, struct counterfactual_outcome *outcome);

/* A readable summary of a finished counterfactual.h5: what-if by group, examples whose removal flips a query, how far
 * changes add up, and how well methods foretell retraining.  Fits 100 columns.
 * @local   @fails BAD_INPUT */
enum status counterfactual_summary(const char *path, struct text *summary);

#endif
