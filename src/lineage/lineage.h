/* The lineage job: what was recorded of training, merged and checked, into lineage.h5. */
#ifndef ASSAY_LINEAGE_LINEAGE_H
#define ASSAY_LINEAGE_LINEAGE_H

#include <mpi.h>
#include <stdbool.h>

#include "base/text.h"
#include "lineage/lineage_config.h"
#include "records/records.h"

/* What the config says; all borrowed. */
struct lineage_request {
    const char *directory; /* inputs are relative to it */
    const struct lineage_config *lineage;
    const struct samples_config *samples;
    const struct strings *also; /* further files to commit as inputs */
};

struct lineage_outcome {
    bool unchanged; /* lineage.h5 was there already, of the same config, newer than its inputs */
    int64_t n_recorder, n_step, n_use, n_sample;
    int64_t n_violation;
};

/* Writes RUN/lineage.h5.  What is wrong with the record is in the table, and no failure.
 * @collective comm   @fails BAD_INPUT, CANNOT_FIT, CANNOT_WRITE, STOPPED */
enum status lineage_run(MPI_Comm comm, const struct lineage_request *request, const char *run_directory,
                        const char *config_text, bool show_progress, struct lineage_outcome *outcome);

/* A readable summary of a finished lineage.h5, within 100 columns.  @local   @fails BAD_INPUT */
enum status lineage_summary(const char *path, struct text *summary);
/* How many violations a finished lineage.h5 has.  @local   @fails BAD_INPUT */
enum status lineage_violations(const char *path, int64_t *n);

#endif
