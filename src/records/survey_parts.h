/* What the parts of a survey share; for survey*.c alone. */
#ifndef ASSAY_RECORDS_SURVEY_PARTS_H
#define ASSAY_RECORDS_SURVEY_PARTS_H

#include "records/id_exchange.h"
#include "records/line_reader.h"
#include "records/ranks.h"
#include "records/sample.h"
#include "records/value_set.h"

struct survey {
    struct ranks ranks;
    const struct samples_config *config;
    struct samples *samples;
    int64_t *firsts; /* owned; size + 1: pieces whose lines a rank reads */
    struct line_reader reader;
    struct sample sample;
    struct value_set *columns; /* owned; one per config->group_by */
    struct id_plan plan;
    struct id_exchange exchange;
    struct id_table table;
    struct digest *digest;
    uint8_t salt[DIGEST_BYTES];
    int64_t repeated, first; /* as struct id_table has them, over all passes */
};

/* When every line was read once: what the ranks have found of all of them, into survey->samples on every rank.
 * @collective survey->ranks.comm   @fails BAD_INPUT */
enum status survey_conclude(struct survey *survey);

#endif
