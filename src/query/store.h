/* The tables of a run, read in blocks of rows that are kept for a while: whoever asks for one value after the other
 * pays for no call of HDF5 each time. */
#ifndef ASSAY_QUERY_STORE_H
#define ASSAY_QUERY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "query/query.h"
#include "table/table.h"

enum { STORE_FILES = 5 };

/* The tables that a run may have: "influence.h5" and so on; NULL-terminated. */
extern const char *const store_files[STORE_FILES + 1];

/* One block of a dataset in memory. */
struct slot {
    const struct stored *stored; /* whose rows they are; NULL: empty */
    int64_t first, n;            /* cells of it */
    char *bytes;                 /* owned */
    int64_t n_byte, used;        /* size of `bytes`; when it was last looked for */
};

/* A dataset that queries read: `cells` values in row-major order. */
struct stored {
    struct store *store;           /* borrowed */
    int file;                      /* in store_files */
    const struct dataset *dataset; /* borrowed from its reader */
    int64_t n_cell, cell_bytes;    /* values, and bytes of one: a whole digest where `is_digest` */
    int64_t row_cells;             /* cells of one row */
    int64_t block_rows;            /* rows read at once */
    bool is_digest;                /* one value is 32 bytes, shown as hex */
    struct slot *slot;             /* where the latest value was; may hold another dataset by now */
    struct slot **blocks;          /* owned; which slot has each block, NULL: none; made with the first block */
};

struct store; /* the open tables of one run */

/* Opens what there is.  `watch` may be NULL; borrowed.  @local   @fails BAD_RUN when it is no run directory or has no
 * table, BAD_INPUT */
enum status store_open(const char *run_directory, const struct query_watch *watch, struct store **store);
void store_close(struct store *store);

const char *store_directory(const struct store *store);
/* The open table, or NULL.  Borrowed. */
struct table_reader *store_reader(const struct store *store, int file);
/* Whether a job began to write the table and has not finished it. */
bool store_is_unfinished(const struct store *store, int file);

/* The dataset of a table; NULL where there is none.  Borrowed.  @local */
struct stored *store_find(struct store *store, int file, const char *path);

/* Says to who watches that an answer stands on the shape of a dataset; `stored` may be NULL. */
void store_use_shape(const struct store *store, const struct stored *stored);

/* A value's bytes, valid until the next call; NULL when reading failed, and then store_status says how.  `cell` must be
 * one of n_cell. */
const char *stored_read(struct stored *stored, int64_t cell);
/* The first failure of reading; its sentence is kept as the latest.  */
enum status store_status(const struct store *store);
/* The sentence of that failure again (others may have come in between).  @fails the same status */
enum status store_fail_again(const struct store *store);
/* Notes a failure found by a reader of values; the first one stays. */
void store_note(struct store *store, enum status status);

static inline const char *stored_at(struct stored *stored, int64_t cell)
{
    const struct slot *slot = stored->slot;
    if (slot != NULL && slot->stored == stored && cell >= slot->first && cell - slot->first < slot->n)
        return slot->bytes + (cell - slot->first) * stored->cell_bytes;
    return stored_read(stored, cell);
}

/* The integer in a cell of an integer dataset; false when reading failed. */
bool stored_integer(struct stored *stored, int64_t cell, int64_t *value);
bool stored_is_integer(const struct stored *stored);

/* The text in a cell of a string dataset, without its padding; borrowed until the next call.  NULL on failure. */
const char *stored_text(struct stored *stored, int64_t cell, int64_t *n);

/* The only cell with this text, -1 for none, -2 when reading failed; for datasets of distinct names.  The first few
 * look-ups read through the dataset, after that there is a table of hashes.  @local */
int64_t stored_find(struct stored *stored, const char *text, int64_t n);

#endif
