/* What --help prints. */
#ifndef ASSAY_JOBS_HELP_H
#define ASSAY_JOBS_HELP_H

#include <stdio.h>

#include "jobs/job.h"

void help_print(FILE *out); /* of the program */
void help_print_job(FILE *out, const struct job *job);

#endif
