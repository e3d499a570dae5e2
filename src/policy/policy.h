/* The policy job: a ridge over features that models the behaviour, and what each pair did to it, into policy.h5. */
#ifndef ASSAY_POLICY_POLICY_H
#define ASSAY_POLICY_POLICY_H

#include "policy/problem.h"

struct policy_outcome {
    bool unchanged; /* policy.h5 was there already, of the same config, newer than its inputs */
    bool primal;
    int64_t n_probe, n_feature, n_behaviour, n_pair;
    double lambda; /* chosen; 0 when unchanged */
};

/* Writes RUN/policy.h5.
 * @collective comm   @fails BAD_CONFIG, BAD_INPUT, CANNOT_FIT, CANNOT_WRITE, NOT_CONVERGED, STOPPED */
enum status policy_run(MPI_Comm comm, const struct problem_request *request, const char *run_directory,
                       const char *config_text, bool show_progress, struct policy_outcome *outcome);

/* A readable summary of a finished policy.h5: how well it models each behaviour, its strongest features, the pairs that
 * moved them most and how, interference and gaps.  Fits 100 columns.
 * @local   @fails BAD_INPUT */
enum status policy_summary(const char *path, struct text *summary);

#endif
