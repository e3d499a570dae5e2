/* A finished table, open for reading. */
#ifndef ASSAY_TABLE_READ_H
#define ASSAY_TABLE_READ_H

#include "table/storage.h"

struct read_column {
    struct dataset shape; /* its strings are owned */
    hid_t id;
    int64_t offset, bytes; /* of its data in the file; -1, 0 when there are none */
};

struct table_reader {
    char *path; /* owned */
    hid_t file;
    int64_t file_bytes;
    struct read_column *columns; /* owned; in order of path */
    int n_column;
    struct table_attribute *attributes; /* owned, like their strings */
    int n_attribute;
};

/* Opens every dataset and checks that it is one that a table can have: type, shape, attributes, and data of its own
 * inside the file.
 * @local   @fails BAD_INPUT */
enum status reader_scan_datasets(struct table_reader *reader);

/* Reads the attributes of the file.  @local   @fails BAD_INPUT */
enum status reader_scan_attributes(struct table_reader *reader);

#endif
