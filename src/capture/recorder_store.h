/* A recorder file, open for writing: rows in transactions. */
#ifndef ASSAY_CAPTURE_RECORDER_STORE_H
#define ASSAY_CAPTURE_RECORDER_STORE_H

#include "base/status.h"
#include "capture/batch.h"

/* SQLite in write-ahead mode: a commit is in the hands of the operating system before it returns, so that a killed
 * process loses nothing that was committed.  synchronous = NORMAL syncs the disk when the log is folded back, FULL
 * (durable) at every commit, which costs a disk's latency per step. */
struct recorder_store;

/* What a file already holds. */
struct recorder_store_state {
    int64_t session, record, n_group; /* the highest numbers, 0 if none */
};

/* Opens or makes the file.  @local   @fails BAD_INPUT when it is not a recorder's, CANNOT_WRITE */
enum status recorder_store_open(const char *path, bool durable, struct recorder_store **store);
/* Folds the log back, so that the file stands alone and can be read where nothing can be written. */
void recorder_store_close(struct recorder_store *store);

/* Blanks the one place of a closed file that says which version of SQLite wrote it.
 * @local   @fails CANNOT_WRITE   @source SQLite's Database File Format, 1.3: bytes 96 to 99 of the header */
enum status recorder_store_forget_version(const char *path);

enum status recorder_store_state(struct recorder_store *store, struct recorder_store_state *state);
/* The value of a name in `meta`, NULL if there is none; the caller owns it.  @fails CANNOT_WRITE */
enum status recorder_store_meta(struct recorder_store *store, const char *name, char **value);
/* The name of parameter group `number`; the caller owns it.  @fails BAD_INPUT */
enum status recorder_store_group(struct recorder_store *store, int64_t number, char **name);

/* Whether locks are waited for: at the beginning and the end, not while training. */
void recorder_store_be_patient(struct recorder_store *store, bool patient);

/* Writes the rows of all batches, or none of them.  *passing: whether the failure may go away (a lock, a full disk).
 * @local   @fails CANNOT_WRITE */
enum status recorder_store_write(struct recorder_store *store, const struct batch *const *batches, int n_batch,
                                 bool *passing);

#endif
