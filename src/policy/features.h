/* The features of the probes as the ranks hold them, and what each feature is like over all probes. */
#ifndef ASSAY_POLICY_FEATURES_H
#define ASSAY_POLICY_FEATURES_H

#include "exact/quantised.h"
#include "policy/plan.h"
#include "policy/problem.h"

struct features {
    int64_t n_probe, n_feature;
    /* This rank's probes as integers, one part per fold (one part without folds), with a leading column of ones: column
     * 1 + j is feature j. */
    int n_part;
    struct quantised *part; /* owned */
    int64_t **probe;        /* owned; per part and row, ascending */
    struct rows all;        /* every probe's features as read, if the plan gathers them; else no rows */
    /* Over all probes, the same on every rank, n_feature each, owned: */
    double *mean, *deviation; /* deviation: of the population */
    double *square;           /* Σ x², in units of 2^(2 · scale exponent): see features_scale */
    int64_t *active;          /* probes on which the feature is not zero */
};

/* Reads every probe once, each block of probes by one rank, appends what this rank read to `segments`.
 * @collective comm   @fails BAD_INPUT, STOPPED, CANNOT_FIT when there are more entries than memory has room for: then
 * `plan` holds the figures, as it does on success */
enum status features_read(MPI_Comm comm, struct problem *problem, struct policy_shape *shape, struct policy_plan *plan,
                          struct segment_list *segments, struct features *features);
void features_clear(struct features *features);
/* Frees the integers, once the policy is fitted. */
void features_clear_parts(struct features *features);

/* The exponent of a column's unit: z_ij = q_ij · 2^features_scale(j), column 0 the ones. */
int features_scale(const struct features *features, int64_t column);

#endif
