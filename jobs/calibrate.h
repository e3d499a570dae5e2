/* assay plan --calibrate: measuring this machine. */
#ifndef ASSAY_JOBS_CALIBRATE_H
#define ASSAY_JOBS_CALIBRATE_H

#include "jobs/job.h"

/* Measures, prints the rates and stores them.  @local   @fails BAD_CONFIG, BAD_USAGE, CANNOT_WRITE, BAD_INPUT */
enum status calibrate(const struct options *options);

#endif
