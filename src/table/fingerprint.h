/* Fingerprints: what a result depends on, so that an earlier one is taken over only where it is the same. */
#ifndef ASSAY_TABLE_FINGERPRINT_H
#define ASSAY_TABLE_FINGERPRINT_H

#include <mpi.h>
#include <stdbool.h>
#include <time.h>

#include "base/segment.h"

/* SHA-256 in hex of `head` and of rank 0's segments: paths, places and digests; the same on every rank.
 * @collective comm */
void fingerprint_make(MPI_Comm comm, const char *head, const struct segment_list *segments, char hex[65]);

/* Like make: whether the finished table at `path` has this fingerprint, and none of the inputs that it lists, relative
 * to `directory`, is missing or was changed since the job that made it began.  @local */
bool fingerprint_stands(const char *path, const char *directory, const char *fingerprint);

/* Dates a finished table back to when its job began: an input that changed while the job ran is newer.  @local */
void fingerprint_stamp(const char *path, struct timespec begun);

#endif
