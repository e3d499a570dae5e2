/* What mechanism takes from the policy.h5 of the run. */
#ifndef ASSAY_MECHANISM_POLICY_FACTS_H
#define ASSAY_MECHANISM_POLICY_FACTS_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

struct policy_facts {
    bool there; /* all else is empty if not */
    bool is_value;
    int64_t n_probe, n_feature, n_behaviour, n_category, n_pair, n_top;
    char *probe_ids; /* owned, as all the rest; n_probe × id_bytes */
    int64_t id_bytes;
    int32_t *category;                         /* per probe */
    char **categories, **behaviours, **labels; /* n_category, n_behaviour, n_feature texts */
    double *coefficient, *intercept;           /* n_behaviour × n_feature, n_behaviour */
    double *mean, *deviation;                  /* n_feature */
    int64_t *active;                           /* n_feature: probes on which it is not zero */
    double *prediction, *residual;             /* n_behaviour × n_probe */
    double *fold_prediction;                   /* the same, by fits without each fold; NULL: not made */
    int64_t *top_pair;                         /* n_behaviour × n_feature × n_top; NULL without pairs */
    double *top_shift;                         /* the same */
    uint8_t digest[DIGEST_BYTES];              /* of all that was read */
};

/* Reads RUN/policy.h5 on every rank; without the file `there` is false.
 * @collective comm   @fails BAD_INPUT when it is not a whole policy table */
enum status policy_facts_open(MPI_Comm comm, const char *run_directory, struct policy_facts *facts);
void policy_facts_clear(struct policy_facts *facts);

/* The column of the policy's behaviours with this name; -1: none.  @local */
int64_t policy_facts_behaviour(const struct policy_facts *facts, const char *name);

#endif
