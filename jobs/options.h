/* The table of jobs and the table of options: parsing, --help, the manual and completion all read these. */
#ifndef ASSAY_JOBS_OPTIONS_H
#define ASSAY_JOBS_OPTIONS_H

#include <stddef.h>

#include "jobs/job.h"

extern const struct job *const all_jobs[];
extern const int n_jobs;
const struct job *job_find(const char *name); /* NULL if there is none */

struct option {
    char letter;         /* by which jobs name it */
    const char *name;    /* "--directory" */
    const char *value;   /* "DIR", "FILE" are completed as such; NULL: a flag */
    const char *choices; /* words that the value is one of, with blanks between; NULL: any */
    size_t offset;       /* in struct options: of a bool for a flag, of a string otherwise */
    const char *text;    /* one line */
};
extern const struct option all_options[];
extern const int n_options;
bool option_applies(const struct option *option, const struct job *job);

/* Arguments after the job's name.  `help` is set when they ask for it.  @local   @fails BAD_USAGE */
enum status options_parse(const struct job *job, int n, char **arguments, struct options *options, bool *help);

#endif
