/* What the forecasts of all jobs end in: a time for people, and figures for programs. */
#ifndef ASSAY_JOBS_FORECAST_FIGURES_H
#define ASSAY_JOBS_FORECAST_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct forecast_figure {
    const char *name;
    double value; /* below 0: not known, and left out */
};

/* The last line of a job; below 0 seconds: nobody measured this machine. */
void forecast_add_time(double seconds, struct text *out);

/* A member of the JSON object of all jobs, which has others before it: first a flag (its name NULL: none), then the
 * figures. */
void forecast_add_object(const char *job, const char *flag, bool value, const struct forecast_figure *figures, size_t n,
                         struct text *out);

#endif
