/* Rows of a dataset, here and there, read in as few pieces as their places allow. */
#ifndef ASSAY_USAGE_GATHER_H
#define ASSAY_USAGE_GATHER_H

#include "table/table.h"

/* Row rows[i] of the dataset into out + i × its row's bytes, for all i < n whose rows[i] is not −1; the others stay as
 * they are.  @local   @fails BAD_RUN when there is no such row, BAD_INPUT */
enum status rows_gather(struct table_reader *reader, const char *path, const int64_t *rows, int64_t n, void *out);

#endif
