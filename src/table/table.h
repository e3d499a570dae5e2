/* Attribution tables: HDF5 files laid out first and then filled in parallel. */
#ifndef ASSAY_TABLE_TABLE_H
#define ASSAY_TABLE_TABLE_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/segment.h"
#include "base/status.h"

enum table_type { TABLE_I8, TABLE_U8, TABLE_I32, TABLE_I64, TABLE_F64, TABLE_STRING };

enum { TABLE_MAX_DIM = 3 };

/* One dataset: one row in a plan's list. */
struct dataset {
    const char *path; /* "/top/proponents/score" */
    enum table_type type;
    int n_dim;
    int64_t dims[TABLE_MAX_DIM]; /* a dimension may be 0 */
    int64_t string_bytes;        /* for TABLE_STRING: fixed width, zero-padded, UTF-8 */
    const char *unit;            /* "1" for a pure number */
    const char *text;            /* what one element is, in a sentence */
};

const char *table_type_name(enum table_type type);            /* "i64le", "string" */
int64_t dataset_element_bytes(const struct dataset *dataset); /* bytes of one element */
int64_t dataset_row_bytes(const struct dataset *dataset);     /* bytes of one row: all dimensions but the first */
int64_t dataset_rows(const struct dataset *dataset);          /* dims[0], or 1 for a scalar */
/* Bytes of the whole; false unless the shape is valid and they fit an int64_t.  @local */
bool dataset_bytes(const struct dataset *dataset, int64_t *bytes);

struct table_attribute {
    const char *name, *value;
}; /* of the file: UTF-8 strings, at most 60,000 bytes */

struct table; /* a table being written, open on every rank of a communicator, which must outlive it */

/* Lays out PATH.partial: rank 0 creates every dataset (contiguous, early allocation, never filled, no times, no
 * filters) with attributes "unit" and "description", reserves the disk space, and closes it; then all ranks open it for
 * parallel writing.  The bytes of the file depend on `datasets` and `attributes` only.  An older PATH.partial is
 * replaced, missing directories are made, and on failure no PATH.partial is left.  Strings are borrowed during the
 * call, and the same on every rank.
 * @collective comm   @fails CANNOT_WRITE */
enum status table_create(MPI_Comm comm, const char *path, const struct dataset *datasets, int n_dataset,
                         const struct table_attribute *attributes, int n_attribute, struct table **table);

/* Opens an existing PATH.partial with exactly this layout to go on writing (resume).
 * @collective comm   @fails CANNOT_WRITE, BAD_RUN when the layout differs */
enum status table_reopen(MPI_Comm comm, const char *path, const struct dataset *datasets, int n_dataset,
                         struct table **table);

/* Writes rows [first, first + n) of a dataset from this rank (n may be 0; data are little-endian, as on disk).  Ranks
 * may call it any number of times; rows must not overlap between ranks.  A rank on which it fails says so to the others
 * (agree) before they flush or close.
 * @local   @fails CANNOT_WRITE */
enum status table_write(struct table *table, const char *path, int64_t first, int64_t n, const void *data);

/* Reads rows back that this rank has written.  @local   @fails CANNOT_WRITE */
enum status table_recall(const struct table *table, const char *path, int64_t first, int64_t n, void *data);

/* Flushes every rank's rows to disk so that a journal may say they are there.  @collective   @fails CANNOT_WRITE */
enum status table_flush(struct table *table);

/* Closes the file, makes it durable and, if `commit` (the same on every rank), gives it its final name; else, or on
 * failure, PATH.partial stays and can be reopened.  Releases `table` in any case.
 * @collective   @fails CANNOT_WRITE */
enum status table_close(struct table *table, bool commit);

/* The end of a job that wrote `table` (NULL: it did not get so far) and came to `status`: closes the table, gives it
 * its final name if all went well, and keeps the first failure's sentence.  @collective   @fails status, CANNOT_WRITE
 */
enum status table_conclude(struct table *table, enum status status);

/* What can only be told at the end: closes the table like table_close without `commit`, then rank 0 adds whole datasets
 * (data[i] is dataset i, as table_write takes it) and file attributes, and the table gets its final name.  `status`:
 * what the job came to, the same on every rank; not STATUS_OK: only closes.  Only rank 0's lists count.
 * @collective   @fails status, CANNOT_WRITE */
enum status table_extend(struct table *table, enum status status, const struct dataset *datasets,
                         const void *const *data, int n_dataset, const struct table_attribute *attributes,
                         int n_attribute);

/* Whether a file of this process could not be closed, which was reported as CANNOT_WRITE.  HDF5 goes on to list the
 * file that it has freed, and crashes in MPI_Finalize, where it closes all of its files: end by MPI_Abort.  @local */
bool table_left_open(void);

/* ---- reading a finished table, on one rank, without MPI -------------------------------------------------------- */

struct table_reader;

enum status table_open(const char *path, struct table_reader **reader); /* @local @fails BAD_INPUT */
void table_reader_close(struct table_reader *reader);
int table_count(const struct table_reader *reader);                                    /* datasets, in order of path */
const struct dataset *table_dataset(const struct table_reader *reader, int i);         /* borrowed */
const struct dataset *table_find(const struct table_reader *reader, const char *path); /* NULL if absent; borrowed */
/* A file attribute's value, NULL if absent; borrowed. */
const char *table_attribute(const struct table_reader *reader, const char *name);
/* File offset and bytes of a dataset's contiguous data (-1, 0 when empty). */
void table_extent(const struct table_reader *reader, int i, int64_t *offset, int64_t *bytes);
/* Rows [first, first + n) into data.  @fails BAD_INPUT */
enum status table_read(struct table_reader *reader, const char *path, int64_t first, int64_t n, void *data);

/* ---- the standard list of inputs in every table ---------------------------------------------------------------- */

/* Six datasets /inputs/{path,object,kind,place,count,sha256} sized for `segments` (rank 0's; the sizes are shared):
 * place is [n × 2] offset, row_first; count is [n × 2] bytes, n_row.  `datasets` gets N_INPUT_DATASETS rows.
 * @collective comm */
enum { N_INPUT_DATASETS = 6 };
void inputs_datasets(MPI_Comm comm, const struct segment_list *segments, struct dataset datasets[N_INPUT_DATASETS]);
/* Rank 0 writes the list that inputs_datasets measured.  @local   @fails CANNOT_WRITE */
enum status inputs_write(struct table *table, const struct segment_list *segments);
/* Reads them back and appends them to `segments`.  @local   @fails BAD_INPUT */
enum status inputs_read(struct table_reader *reader, struct segment_list *segments);

#endif
