/* Whole datasets of a finished table, for those who look things up in tables of other jobs. */
#ifndef ASSAY_TABLE_LOAD_H
#define ASSAY_TABLE_LOAD_H

#include "table/table.h"

/* Dimension `dim` of a dataset; 0 when the dataset is missing or has fewer.  @local */
int64_t table_extent_of(const struct table_reader *reader, const char *path, int dim);

/* A whole dataset of this type and so many elements; the caller owns it.  NULL when it is missing, different or cannot
 * be read.  @local */
void *table_load(struct table_reader *reader, const char *path, enum table_type type, int64_t n);
/* Row i of a list of strings; the caller owns it.  NULL on failure.  @local */
char *table_load_text(struct table_reader *reader, const char *path, int64_t i);

#endif
