/* The mechanism job: what interventions on the parts of a model do to its behaviours, into mechanism.h5. */
#ifndef ASSAY_MECHANISM_MECHANISM_H
#define ASSAY_MECHANISM_MECHANISM_H

#include "mechanism/scene.h"

struct mechanism_outcome {
    bool unchanged; /* mechanism.h5 was there already, of the same config, newer than its inputs */
    bool network;   /* the level */
    int64_t n_part, n_probe, n_behaviour;
    int64_t n_localised; /* parts that are, for some behaviour, by the main intervention; 0 when unchanged */
};

/* Writes RUN/mechanism.h5.
 * @collective comm   @fails BAD_CONFIG, BAD_INPUT, BAD_RUN, CANNOT_FIT, CANNOT_WRITE, NOT_CONVERGED, STOPPED */
enum status mechanism_run(MPI_Comm comm, const struct mechanism_request *request, const char *config_text,
                          struct mechanism_outcome *outcome);

/* A readable summary of a finished mechanism.h5: per behaviour its strongest parts beside random ones, how well it is
 * rebuilt, interference, and what stays unexplained.  Fits 100 columns.
 * @local   @fails BAD_INPUT */
enum status mechanism_summary(const char *path, struct text *summary);

#endif
