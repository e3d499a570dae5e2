/* What the parts of the answer share: a finished table, and names in columns. */
#ifndef ASSAY_COUNTERFACTUAL_ANSWER_H
#define ASSAY_COUNTERFACTUAL_ANSWER_H

#include "base/text.h"
#include "table/table.h"

struct answer {
    struct table_reader *reader;
    const char *path; /* borrowed */
    int64_t n_scenario, n_query, n_train;
    struct text *out; /* borrowed */
    bool failed;      /* a dataset was missing */
};

/* A whole dataset of doubles; NULL when there is none of that name.  The caller owns it. */
double *answer_doubles(struct answer *answer, const char *path, int64_t n);
/* Adds row i of a dataset of strings in `width` columns; "(none)" for an empty one, or for an empty value after its
 * column. */
void answer_add_text(struct answer *answer, const char *path, int64_t i, int width);

/* Adds what it is about; nothing where the table has no such part. */
void answer_add_scenarios(struct answer *answer);
void answer_add_flips(struct answer *answer);
void answer_add_validation(struct answer *answer);

#endif
