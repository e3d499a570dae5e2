/* What a job did, as one JSON object on a line of standard output: the figures that people get as sentences. */
#ifndef ASSAY_JOBS_OUTCOME_H
#define ASSAY_JOBS_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Begins the object with the job's name. */
void outcome_begin(struct text *json, const char *job);
/* "outcome": "done", or "unchanged" when what lay there was right already. */
void outcome_done(struct text *json, bool unchanged);
void outcome_count(struct text *json, const char *name, int64_t value);
void outcome_number(struct text *json, const char *name, double value); /* null unless finite */
void outcome_flag(struct text *json, const char *name, bool value);
void outcome_text(struct text *json, const char *name, const char *value); /* NULL: null */
/* A list of strings. */
void outcome_texts(struct text *json, const char *name, const char *const *values, int64_t n);
/* Ends the object, prints it and releases it. */
void outcome_print(struct text *json);

#endif
