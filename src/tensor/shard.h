/* One file's rows of a tensor, and what a file format must be able to do.  For the files of this folder only. */
#ifndef ASSAY_TENSOR_SHARD_H
#define ASSAY_TENSOR_SHARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/digest.h"
#include "base/segment.h"
#include "base/status.h"
#include "base/text.h"
#include "tensor/tensor.h"

struct shard;

struct format {
    const char *separator;    /* between file and object in a name; NULL when a file is one array */
    bool is_whole_too;        /* whether the object may be left out of a name */
    const char *const *files; /* base names that are this format's alone, ended by NULL; NULL: those of no other */
    enum segment_kind kind;   /* what a segment of its rows is */
    int64_t piece_bytes; /* what one call of `read` should move: raw files in pieces that the digest finds in cache */
    /* Opens shard->file unless it is open, and sets `mark` to what the file is now. */
    enum status (*open)(struct shard *shard);
    /* Of an open shard: fills type, shape and place from the header, checked against the size of the file. */
    enum status (*describe)(struct shard *shard);
    /* Of an open shard: rows [first, first + n) of this file, little-endian and row-major. */
    enum status (*read)(struct shard *shard, int64_t first, int64_t n, void *raw);
    void (*close)(struct shard *shard);
};

extern const struct format safetensors_format, npy_format, hdf5_format, trak_format, bergson_format;

/* The format of a file whose name has this separator, NULL for none.  @local */
const struct format *format_of(const char *separator, const char *path);

/* Tells one state of a file from another. */
struct file_mark {
    dev_t device;
    ino_t inode;
    int64_t bytes;
    struct timespec modified;
};

/* A file beside the rows that says what they are: an input like the rows themselves. */
struct companion {
    char *path; /* owned; as the config would name it; NULL when there is none */
    char *file; /* owned; what is opened */
    struct file_mark mark;
};

/* Where the rows lie.  Formats whose rows hold several objects side by side use some columns of each row: their
 * segments are whole rows, "-" by name, so that objects of one file share segments and cover each byte once. */
struct row_place {
    int64_t offset; /* of row 0 in the file; raw segments only */
    int64_t stride; /* bytes from one row to the next in the file */
    int64_t column; /* bytes from the begin of a row to the columns in use */
};

struct shard {
    const struct format *format;
    char *path;           /* owned; as the config names it */
    char *file;           /* owned; what is opened */
    const char *object;   /* borrowed; name within the file, "-" when the file is one array */
    const char *row_name; /* borrowed; the object of segments: `object`, or "-" */
    char *label;          /* owned; file and object as a config would write them, for sentences */
    enum tensor_type type;
    int n_dim;
    int64_t dims[TENSOR_MAX_DIM];
    int64_t row_bytes; /* of the columns in use */
    struct row_place place;
    int64_t row_first;            /* the row of the tensor that is row 0 of this file */
    uint8_t layout[DIGEST_BYTES]; /* SHA-256 of how the columns are called, where they have names; else zero */
    struct file_mark mark;
    struct companion companion;
    int descriptor;            /* -1 when closed, and for HDF5 */
    struct hdf5_handles *hdf5; /* owned; NULL when closed */
};

/* `path` is copied; the file is not opened. */
void shard_init(struct shard *shard, const struct format *format, const char *directory, const char *path,
                const char *object);
void shard_clear(struct shard *shard);

/* Sets n_dim, dims, row_bytes and place.stride.  @fails BAD_INPUT unless 1 to TENSOR_MAX_DIM dimensions, at least one
 * column, and a size in bytes that an int64 holds */
enum status shard_set_shape(struct shard *shard, enum tensor_type type, int n_dim, const int64_t *dims);
int64_t shard_bytes(const struct shard *shard); /* of all rows as they lie in the file */

/* Opens a shard that was open before.  @fails BAD_INPUT when the file is no longer the one that was described */
enum status shard_reopen(struct shard *shard);
enum status file_mark_get(int descriptor, const char *file, struct file_mark *mark);
enum status file_mark_now(const char *file, struct file_mark *mark);
/* @fails BAD_INPUT when they differ: the file changed */
enum status file_mark_check(const struct file_mark *then, const struct file_mark *now, const char *file);

/* open, read and close of formats whose rows lie in the file as they are. */
enum status shard_open_plain(struct shard *shard);
enum status shard_read_plain(struct shard *shard, int64_t first, int64_t n, void *raw);
void shard_close_plain(struct shard *shard);

/* The columns in use of rows [first, first + n) of an open raw file; the whole rows go into `digest`, unless NULL. */
enum status shard_read_columns(struct shard *shard, int64_t first, int64_t n, struct digest *digest, char *raw);

/* Notes that `name`, in the folder of the rows, says what they are; the file is not opened. */
void shard_set_companion(struct shard *shard, const char *name);
void shard_clear_companion(struct shard *shard);
/* The whole companion with a zero byte after it; sets its mark.  The caller owns *bytes.  @fails BAD_INPUT */
enum status shard_load_companion(struct shard *shard, int64_t limit, char **bytes, size_t *n);

/* "[3, 4]".  @local */
void tensor_add_shape(struct text *text, int n_dim, const int64_t *dims);

/* How the formats call our element types. */
struct tensor_type_names {
    const char *name, *safetensors, *npy; /* npy: kind and size, NULL where numpy has none */
    int bytes;
};
extern const struct tensor_type_names tensor_type_names[TENSOR_TYPE_COUNT];

#endif
