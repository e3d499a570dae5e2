/* What the files of the summary share; for summary*.c alone. */
#ifndef ASSAY_MECHANISM_SUMMARY_PARTS_H
#define ASSAY_MECHANISM_SUMMARY_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "table/table.h"

struct summary {
    struct table_reader *reader;
    struct table_reader *policy, *influence; /* of the same run; NULL: not there */
    const char *main;                        /* borrowed: an intervention */
    int64_t n_part, n_behaviour;
    double *mean, *low, *high, *control, *score, *chance; /* owned, as the next ones; n_behaviour × n_part */
    uint8_t *localised;
    int64_t *order;
    struct text *out; /* borrowed */
};

/* Row i of a dataset of strings in a column; "(none)" where it is empty.  false when it cannot be read. */
bool summary_text(struct summary *summary, const char *path, int64_t i, int width);

/* The pairs behind the first of the parts shown that has any, the examples and policies behind the first of all.  false
 * when they cannot be read. */
bool summary_add_links(struct summary *summary, int64_t b, const int64_t *shown, int64_t n_shown);

#endif
