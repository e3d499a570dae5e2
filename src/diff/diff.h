/* What differs between two runs: config, inputs and tables, and by how much. */
#ifndef ASSAY_DIFF_DIFF_H
#define ASSAY_DIFF_DIFF_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct diff_counts {
    int64_t n_field;   /* of the configs that differ */
    int64_t n_input;   /* files that differ, cannot be compared, or that one run has alone */
    int64_t n_table;   /* that one run has alone */
    int64_t n_dataset; /* that differ or that one run has alone */
};

/* Adds to `out`, for people, what differs between the runs in two directories, A and B; memory does not grow with their
 * tables.  A table that cannot be read is left out, and fails the call after all others were compared.
 * @local   @fails BAD_RUN when one is no run directory, BAD_INPUT */
enum status diff_runs(const char *const runs[2], struct text *out, struct diff_counts *counts);

#endif
