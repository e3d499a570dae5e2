/* The empty table: all of its metadata, and the place of every byte that is to come. */
#ifndef ASSAY_TABLE_LAYOUT_H
#define ASSAY_TABLE_LAYOUT_H

#include "table/table.h"

struct table_layout {
    const struct dataset *datasets;
    int n_dataset;
    const struct table_attribute *attributes; /* of the file */
    int n_attribute;
}; /* all borrowed */

/* Makes `file` anew, and reserves its disk space; leaves no file behind on failure.  Its bytes depend on `layout` only.
 * @local   @fails CANNOT_WRITE */
enum status table_layout_store(const char *file, const struct table_layout *layout);

/* Adds datasets with their data, and attributes, to a file that nobody else has open.  Its bytes then depend on what
 * was there, on `layout` and on the data.  @local   @fails CANNOT_WRITE */
enum status table_layout_extend(const char *file, const struct table_layout *layout, const void *const *data);

/* Whether `file` has exactly the datasets of `layout` (its attributes are not compared).  @local   @fails BAD_RUN */
enum status table_layout_check(const char *file, const struct table_layout *layout);

/* Makes sure that the file system really has room for the first `bytes` bytes of a file, which keep their content.
 * @local   @fails CANNOT_WRITE */
enum status table_reserve(const char *file, int64_t bytes);

#endif
