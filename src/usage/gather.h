/* Rows of a dataset, here and there, read in as few pieces as their places allow. */
#ifndef ASSAY_USAGE_GATHER_H
#define ASSAY_USAGE_GATHER_H

#include "table/table.h"

struct place {
    int64_t row, i; /* row `row` of the dataset goes to place i */
};

/* Rows in ascending order; any number of columns can be read by one list. */
struct places {
    struct place *items; /* owned */
    int64_t n;
};

/* The places of rows[0 … n), but for those that are −1.  places_clear releases them. */
void places_make(const int64_t *rows, int64_t n, struct places *places);
void places_clear(struct places *places);

/* Each row into out + i × its bytes; other places of `out` stay as they are.
 * @local   @fails BAD_RUN when there is no such row, BAD_INPUT */
enum status rows_gather(struct table_reader *reader, const char *path, const struct places *places, void *out);

#endif
