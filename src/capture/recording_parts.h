/* The inside of a recording: what its readers share. */
#ifndef ASSAY_CAPTURE_RECORDING_PARTS_H
#define ASSAY_CAPTURE_RECORDING_PARTS_H

#include "capture/recorder_read.h"

struct sqlite3;

struct recording {
    struct sqlite3 *database;
    char *path; /* owned */
    struct recording_info info;
    char *run, *samples_file, *samples_sha256, *key_id; /* owned */
    char **groups;                                      /* owned; of number k + 1 */
};

/* The number of the first row of a table whose column `record`, which never falls from row to row, is `record` or more;
 * INT64_MAX if there is none.  @local   @fails BAD_INPUT */
enum status recording_find_record(struct recording *recording, enum table_id table, int64_t record, int64_t *row);

/* "PATH: table TABLE, row N: expected …" about the row that was read last.  @fails always, with BAD_INPUT */
enum status recording_expected(const struct recording_rows *rows, const char *expected);

#endif
