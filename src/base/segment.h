/* Segments: which bytes of which input were used, and their SHA-256.  The segments of a file cover it without gap or
 * overlap, so that no byte of an input can change unseen. */
#ifndef ASSAY_BASE_SEGMENT_H
#define ASSAY_BASE_SEGMENT_H

#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

enum segment_kind {
    SEGMENT_RAW,    /* bytes [offset, offset + bytes) of the file */
    SEGMENT_LOGICAL /* rows [row_first, row_first + n_row) of an HDF5 dataset, little-endian and row-major;
                       offset counts logical bytes; comes beside raw segments of the whole file */
};

struct segment {
    char *path;   /* owned; as the config names it */
    char *object; /* owned; tensor or dataset name, "-" for other bytes of the file (headers, gaps, text files) */
    enum segment_kind kind;
    int64_t offset, bytes;
    int64_t row_first, n_row; /* of the object within this file; 0, 0 when object is "-" */
    uint8_t sha256[DIGEST_BYTES];
};

struct segment_list {
    struct segment *items; /* owned */
    int64_t n, capacity;
};

void segments_init(struct segment_list *list);
void segments_clear(struct segment_list *list);
/* Copies `segment`, its strings included. */
void segments_add(struct segment_list *list, const struct segment *segment);
/* Adds a whole file, its path relative to `directory`, as raw segments of at most SEGMENT_LIMIT whose digests are left
 * zero; an empty file is one segment.  @local   @fails BAD_INPUT */
enum status segments_add_file(struct segment_list *list, const char *directory, const char *name);
/* Sorts by (path, object, kind, offset) and drops exact repeats.
 * @fails BAD_INPUT when two segments of the same range have different digests: the file changed while it was read */
enum status segments_sort(struct segment_list *list);

/* Flat bytes for sending to another rank or storing in a journal; the caller owns *bytes.  unpack appends to `list` and
 * checks every length.  @fails BAD_INPUT */
void segments_pack(const struct segment_list *list, char **bytes, int64_t *n);
enum status segments_unpack(const char *bytes, int64_t n, struct segment_list *list);

/* Largest piece hashed as one raw segment where no tensor row block cuts the file. */
enum { SEGMENT_LIMIT = 64 << 20 };

#endif
