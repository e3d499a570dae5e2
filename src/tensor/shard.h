/* One file's rows of a tensor, and what a file format must be able to do.  For the files of this folder only. */
#ifndef ASSAY_TENSOR_SHARD_H
#define ASSAY_TENSOR_SHARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/segment.h"
#include "base/status.h"
#include "base/text.h"
#include "tensor/tensor.h"

struct shard;

struct format {
    const char *separator;  /* between file and object in a name; NULL when a file is one array */
    enum segment_kind kind; /* what a segment of its rows is */
    int64_t piece_bytes; /* what one call of `read` should move: raw files in pieces that the digest finds in cache */
    /* Opens shard->file unless it is open, and sets `mark` to what the file is now. */
    enum status (*open)(struct shard *shard);
    /* Of an open shard: fills type, shape and place from the header, checked against the size of the file. */
    enum status (*describe)(struct shard *shard);
    /* Of an open shard: rows [first, first + n) of this file, little-endian and row-major. */
    enum status (*read)(struct shard *shard, int64_t first, int64_t n, void *raw);
    void (*close)(struct shard *shard);
};

extern const struct format safetensors_format, npy_format, hdf5_format;

/* Tells one state of a file from another. */
struct file_mark {
    dev_t device;
    ino_t inode;
    int64_t bytes;
    struct timespec modified;
};

struct shard {
    const struct format *format;
    char *path;         /* owned; as the config names it */
    char *file;         /* owned; what is opened */
    const char *object; /* borrowed; name within the file, "-" for npy */
    char *label;        /* owned; file and object as a config would write them, for sentences */
    enum tensor_type type;
    int n_dim;
    int64_t dims[TENSOR_MAX_DIM];
    int64_t row_bytes;
    int64_t data_offset; /* of row 0 in the file; raw segments only */
    int64_t row_first;   /* the row of the tensor that is row 0 of this file */
    struct file_mark mark;
    int descriptor;            /* -1 when closed; safetensors and npy */
    struct hdf5_handles *hdf5; /* owned; NULL when closed */
};

/* `path` is copied; the file is not opened. */
void shard_init(struct shard *shard, const struct format *format, const char *directory, const char *path,
                const char *object);
void shard_clear(struct shard *shard);

/* Sets n_dim, dims and row_bytes.  @fails BAD_INPUT unless 1 to TENSOR_MAX_DIM dimensions, at least one column, and a
 * size in bytes that an int64 holds */
enum status shard_set_shape(struct shard *shard, enum tensor_type type, int n_dim, const int64_t *dims);
int64_t shard_bytes(const struct shard *shard); /* of all rows */

/* Opens a shard that was open before.  @fails BAD_INPUT when the file is no longer the one that was described */
enum status shard_reopen(struct shard *shard);
enum status file_mark_get(int descriptor, const char *file, struct file_mark *mark);
/* @fails BAD_INPUT when they differ: the file changed */
enum status file_mark_check(const struct file_mark *then, const struct file_mark *now, const char *file);

/* open, read and close of formats whose rows lie in the file as they are. */
enum status shard_open_plain(struct shard *shard);
enum status shard_read_plain(struct shard *shard, int64_t first, int64_t n, void *raw);
void shard_close_plain(struct shard *shard);

/* "[3, 4]".  @local */
void tensor_add_shape(struct text *text, int n_dim, const int64_t *dims);

/* How the formats call our element types. */
struct tensor_type_names {
    const char *name, *safetensors, *npy; /* npy: kind and size, NULL where numpy has none */
    int bytes;
};
extern const struct tensor_type_names tensor_type_names[TENSOR_TYPE_COUNT];

#endif
