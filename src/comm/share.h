/* Bytes and segments from rank to rank, without the 2 GiB limit of one MPI call. */
#ifndef ASSAY_COMM_SHARE_H
#define ASSAY_COMM_SHARE_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#include "base/segment.h"
#include "base/status.h"

/* Rank 0's n bytes on every rank; on the others *bytes is allocated (with a zero byte after it) and owned by the
 * caller.  @collective comm */
void share_bytes(MPI_Comm comm, char **bytes, size_t *n);

/* Loads a file on rank 0 alone: there *bytes is owned by the caller, elsewhere it is NULL; the same verdict on every
 * rank. `segments` (may be NULL) gets the file's raw segments on rank 0, under the name `name`.
 * @collective comm   @fails BAD_INPUT */
enum status share_load(MPI_Comm comm, const char *directory, const char *name, int64_t limit, char **bytes, size_t *n,
                       struct segment_list *segments);

/* Loads a file on rank 0 and shares it; the same bytes and verdict on every rank.  `segments` (may be NULL) gets the
 * file's raw segments on rank 0 only, under the name `name`.  @collective comm   @fails BAD_INPUT */
enum status share_file(MPI_Comm comm, const char *directory, const char *name, int64_t limit, char **bytes, size_t *n,
                       struct segment_list *segments);

/* n bytes to another rank, and what such a call sent (the caller owns it).  @local pair of ranks */
void share_send(MPI_Comm comm, int to, const char *bytes, int64_t n);
char *share_receive(MPI_Comm comm, int from, int64_t *n);

/* Every rank's segments, sorted, on rank 0; other ranks' lists become empty.
 * @collective comm   @fails BAD_INPUT as segments_sort */
enum status share_segments(MPI_Comm comm, struct segment_list *list);

/* In place sum of int64 over ranks, split where one call would be too long.  @collective comm */
void share_sum(MPI_Comm comm, int64_t *values, int64_t n);

/* The sum of int64 over ranks into rank 0's `sums`; on rank 0 `values` may be `sums`.  @collective comm */
void share_sum_to(MPI_Comm comm, const int64_t *values, int64_t *sums, int64_t n);

/* n doubles of which each rank has filled some, every entry by at most one rank, and left 0 elsewhere: all of them on
 * every rank, bit for bit.  @collective comm */
void share_doubles(MPI_Comm comm, double *values, int64_t n);

#endif
