/* The first reading of a samples file, by all ranks together: every line is checked once, none is kept. */
#ifndef ASSAY_RECORDS_SURVEY_H
#define ASSAY_RECORDS_SURVEY_H

#include <mpi.h>

#include "records/id_table.h"
#include "records/records.h"

/* Unknown keys in records are allowed; ids have 1 to 1,024 bytes, no control characters, and are unique over all
 * splits; a grouping key has at most 65,536 different values, which are strings of at most 1,024 bytes, numbers within
 * 2^53 and booleans (both as JSON writes them), or nothing.  The same `samples` on every rank; the file's raw segments
 * are appended to `segments` (may be NULL) on rank 0.  The first bad line of the file is the one that is told; if there
 * is none, the first line whose value of a key is one too many; then the first whose id another line has.
 * `memory`: bytes that a rank may use, 1 MiB at least.  `comm` MPI_COMM_NULL: one process without MPI.
 * samples_clear releases it.
 * @collective comm   @fails BAD_INPUT with file and line, STOPPED */
enum status samples_open(MPI_Comm comm, const char *directory, const struct samples_config *config, int64_t memory,
                         struct samples *samples, struct segment_list *segments);

/* What that takes, for plans: passes over the file, and bytes of a rank while they last.  @local */
void samples_open_plan(int64_t n_line, int64_t n_rank, int64_t memory, struct id_plan *plan);

#endif
