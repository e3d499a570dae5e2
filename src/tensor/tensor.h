/* A matrix of numbers in files: rows spread over any number of shards, read by row range, hashed as it is read. */
#ifndef ASSAY_TENSOR_TENSOR_H
#define ASSAY_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/segment.h"
#include "base/status.h"

enum tensor_type {
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_F32,
    TENSOR_F64,
    TENSOR_I8,
    TENSOR_U8,
    TENSOR_I16,
    TENSOR_I32,
    TENSOR_I64,
    TENSOR_TYPE_COUNT
};

size_t tensor_type_size(enum tensor_type type);      /* bytes per element */
const char *tensor_type_name(enum tensor_type type); /* "bf16" */

enum { TENSOR_MAX_DIM = 4 };

/* Where the rows lie.  Holds at most one file open, and none before the first read; for HDF5 also up to 64 MiB of
 * decompressed chunks of that file. */
struct tensor;

/* Opens FILE#NAME (safetensors), FILE:/PATH (HDF5) or FILE (npy, one array); the last # decides, then the last :/.
 * A FILE called gradients.bin is a bergson index, with info.json beside it: alone it is all columns, with #NAME those
 * of one module.  The npy files of a TRAK store (features.mmap, grads.mmap, out_to_loss.mmap) must be complete by the
 * _is_featurized.mmap beside them, if there is one.
 * FILE may be a glob (*, ?, [...]; see glob(7)), whose matches are row shards in bytewise order of their names and must
 * agree in type and in every dimension but the first.  `name` is relative to `directory`.  Headers are checked against
 * the file sizes before anything of that size is allocated.  At least one column; rows may be 0.
 * A file that changes between here and tensor_close is refused when it is next read.  The caller closes *tensor.
 * @local   @fails BAD_INPUT */
enum status tensor_open(const char *directory, const char *name, struct tensor **tensor);
void tensor_close(struct tensor *tensor); /* NULL is fine */

enum tensor_type tensor_type(const struct tensor *tensor);
int64_t tensor_rows(const struct tensor *tensor);    /* over all shards */
int64_t tensor_columns(const struct tensor *tensor); /* product of all dimensions but the first; 1 for a vector */
int tensor_dimensions(const struct tensor *tensor,
                      int64_t dims[TENSOR_MAX_DIM]); /* returns their number; dims[0] = rows */
bool tensor_is_hdf5(const struct tensor *tensor);
const char *tensor_name(const struct tensor *tensor); /* as given; borrowed */

/* Reads rows [first, first + n) as stored (row-major; HDF5 converts big-endian to little-endian) into
 * raw[n * columns * type size] and appends the digests of exactly these bytes to `segments` (one per shard touched; may
 * be NULL; untouched on failure).  Rows that the tensor does not have are the caller's mistake (ASSERT).
 * A module of a bergson index has its columns in every row of the file: whole rows are read and hashed, so that its
 * modules, read in the same blocks, give the same segments (segments_sort drops the repeats) and all bytes of the file
 * are covered.  Reading k modules reads the file k times.
 * @local   @fails BAD_INPUT, STOPPED between pieces when a stop was asked for */
enum status tensor_read(struct tensor *tensor, int64_t first, int64_t n, void *raw, struct segment_list *segments);

/* Closes the file that was read last, until the next read: a study may have more tensors than a process may have files.
 * @local */
void tensor_rest(struct tensor *tensor);

/* The segments that tensor_read of these rows would append, digests left zero: for laying a table out beforehand.
 * @local */
void tensor_list(const struct tensor *tensor, int64_t first, int64_t n, struct segment_list *segments);

/* Stored elements to doubles (all types exact but i64 beyond 2^53, which is refused).  Non-finite values are refused
 * with file, row and column; `first` is the row that raw[0] has in the tensor.
 * @local   @fails BAD_INPUT */
enum status tensor_to_double(const struct tensor *tensor, int64_t first, int64_t n, const void *raw, double *values);
/* The same to floats, for f16, bf16, f32, i8, u8, i16 only (exact). */
enum status tensor_to_float(const struct tensor *tensor, int64_t first, int64_t n, const void *raw, float *values);

/* Every byte of the files of `tensors` (all of one directory; they may share files) that no row of these tensors
 * covers, cut into pieces of at most SEGMENT_LIMIT: headers, padding, tensors that are not used, the whole of an
 * HDF5 file (whose datasets' segments are logical), and the whole of a file that says what the rows beside it are.
 * Ordered, and the same on every rank.  sha256 is left zero: see segment_hash.
 * @local   @fails BAD_INPUT when a file changed since it was opened */
enum status tensor_gaps(struct tensor *const *tensors, int n_tensor, struct segment_list *gaps);

/* Reads the bytes that `segment` names (path relative to `directory`) and sets sha256; for logical segments through
 * HDF5.  Nothing in `segment` is trusted: a file that is shorter, or gone, or a range that no file can have is
 * BAD_INPUT, and sha256 stays.
 * @local   @fails BAD_INPUT */
enum status segment_hash(const char *directory, struct segment *segment);

#endif
