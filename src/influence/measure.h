/* How fast this machine is at the parts of an influence job: by running them on made-up data. */
#ifndef ASSAY_INFLUENCE_MEASURE_H
#define ASSAY_INFLUENCE_MEASURE_H

#include "cost/calibration.h"

/* Sets the rates of digits, products, score terms, tallies, kept entries and record lines; takes a few seconds.
 * Temporary files go below `directory`.
 * @local   @fails BAD_CONFIG for an unknown backend, CANNOT_WRITE, BAD_INPUT */
enum status influence_measure(const char *directory, const char *backend, struct calibration *calibration);

#endif
