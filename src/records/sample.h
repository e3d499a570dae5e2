/* One line of a samples file. */
#ifndef ASSAY_RECORDS_SAMPLE_H
#define ASSAY_RECORDS_SAMPLE_H

#include "records/flat.h"
#include "records/lines.h"
#include "records/records.h"

struct sample {
    const struct samples_config *config; /* borrowed */
    struct text id;
    bool training;       /* the line's split is the one that marks training samples */
    struct text *values; /* owned; of a training sample: the value of every key of config->group_by */
    bool *given;         /* owned; beside each value: it is in the line, if only as "" */
    struct lines lines;  /* for records that are not flat, and for sentences */
    struct flat flat;
};

void sample_init(struct sample *sample, const struct samples_config *config);
void sample_clear(struct sample *sample);

/* Reads line `number` of the file.  Values are text: strings as they are, numbers and booleans as JSON writes them,
 * nothing as "".  @local   @fails BAD_INPUT with file and line */
enum status sample_read(struct sample *sample, const char *line, int64_t n, int64_t number);

/* "FILE: line N: KEY: expected …, found …" of a line that sample_read has passed.  @local */
enum status sample_expected(struct sample *sample, const char *line, int64_t n, int64_t number, const char *key,
                            const char *expected);

#endif
