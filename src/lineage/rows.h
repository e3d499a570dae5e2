/* Rows of several datasets at once. */
#ifndef ASSAY_LINEAGE_ROWS_H
#define ASSAY_LINEAGE_ROWS_H

#include "table/table.h"

/* Where rows of a dataset go; nothing where there is no data, or no row. */
struct rows {
    const char *path;
    const void *data; /* borrowed */
    int64_t first, n;
};

/* @local   @fails CANNOT_WRITE */
enum status rows_write(struct table *table, const struct rows *rows, size_t n);

#endif
