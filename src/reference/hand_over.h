/* The files that a training run hands over, shared out over ranks: every rank names every file in the same order, and
 * file i is written by rank i mod size. */
#ifndef ASSAY_REFERENCE_HAND_OVER_H
#define ASSAY_REFERENCE_HAND_OVER_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"

struct handed_file {
    char *path; /* owned; relative to the directory */
    int64_t bytes;
    uint8_t sha256[DIGEST_BYTES];
};

struct hand_over {
    const char *directory; /* borrowed */
    int rank, size;
    enum status status;        /* of this rank: after a failure it writes no more */
    struct handed_file *files; /* owned; bytes and sha256 known to the writing rank until hand_over_gather */
    int64_t n, capacity;
};

void hand_over_init(struct hand_over *hand_over, MPI_Comm comm, const char *directory);
void hand_over_clear(struct hand_over *hand_over);

/* Names the next file, PATH below the directory.  True if this rank writes it: then hand_over_end must follow with the
 * verdict of the writing.  hand_over_path is the name to write to; the caller owns it.  @local */
bool hand_over_begin(struct hand_over *hand_over, const char *path);
char *hand_over_path(const struct hand_over *hand_over);
/* Notes the verdict and, of what now lies on the disk, size and digest.  @local */
void hand_over_end(struct hand_over *hand_over, enum status written);

/* Names the next file, which this function's caller on rank 0 fills while others are handed over; it must be the first
 * one, so that it is rank 0's.  Its name to write to is PATH below the directory.  @local */
void hand_over_reserve(struct hand_over *hand_over, const char *path);
/* On rank 0, after hand_over_gather: the first file is whole; notes its size and digest.  @local   @fails BAD_INPUT */
enum status hand_over_fill(struct hand_over *hand_over);

/* Names a file and writes these bytes if it is this rank's.  @local */
void hand_over_bytes(struct hand_over *hand_over, const char *path, const void *bytes, size_t n);

/* Agrees on the verdicts; rank 0 then knows size and digest of every file.
 * @collective comm   @fails CANNOT_WRITE and what the writers failed with */
enum status hand_over_gather(struct hand_over *hand_over, MPI_Comm comm);

#endif
