/* The influence job: every training example against every query, into influence.h5. */
#ifndef ASSAY_INFLUENCE_INFLUENCE_H
#define ASSAY_INFLUENCE_INFLUENCE_H

#include <mpi.h>

#include "influence/study.h"

struct influence_outcome {
    bool unchanged;    /* influence.h5 was there already, of the same config, newer than its inputs */
    bool began_anew;   /* a journal was there, but an input changed after it was written */
    int64_t n_resumed; /* blocks taken from the journal */
    int64_t n_block;
    int64_t n_train, n_query;
};

/* Writes RUN/influence.h5, or goes on where an earlier call was cut off.
 * @collective comm   @fails BAD_CONFIG, BAD_INPUT, BAD_RUN, CANNOT_FIT, CANNOT_WRITE, STOPPED */
enum status influence_run(MPI_Comm comm, const struct study_request *request, const char *run_directory,
                          const char *config_text, bool show_progress, struct influence_outcome *outcome);

/* A readable summary of a finished influence.h5: proponents and opponents of the first `n_query` queries with their
 * groups, and totals by group.  Fits 100 columns.
 * @local   @fails BAD_INPUT */
enum status influence_summary(const char *path, int64_t n_query, struct text *summary);

#endif
