/* A ridge solution: what the two forms of the system give alike. */
#ifndef ASSAY_POLICY_SOLUTION_H
#define ASSAY_POLICY_SOLUTION_H

#include <stdint.h>

/* `fold` in calls that solve: the probes of that fold are left out, or none are. */
enum { NO_FOLD = -1 };

struct solution {
    int64_t n_behaviour, n_feature;
    double *coefficient; /* owned; n_behaviour × n_feature */
    double *intercept;   /* owned; n_behaviour */
    double lambda;
    double condition; /* estimate; its last digits depend on the grid: for sentences, not for tables */
};

void solution_init(struct solution *solution, int64_t n_behaviour, int64_t n_feature);
void solution_clear(struct solution *solution);

#endif
