/* The files that hold the record: found, marked, hashed, and looked at again in the end. */
#ifndef ASSAY_LINEAGE_INPUTS_H
#define ASSAY_LINEAGE_INPUTS_H

#include <mpi.h>

#include "base/segment.h"
#include "lineage/lineage.h"

/* How a file looked when it was found. */
struct input_mark {
    int64_t bytes, seconds, nanoseconds; /* of its last change; bytes -1: it was not there */
};

struct record_files {
    char **items;                    /* owned; as the config finds them, in bytewise order, each once */
    struct input_mark *marks, *logs; /* owned; of each file, and of the -wal beside it */
    int64_t n;
};

/* Rank 0 looks, for all.  @collective comm   @fails BAD_INPUT when a name or glob finds nothing */
enum status record_files_find(MPI_Comm comm, const struct lineage_request *request, struct record_files *files);
/* The same on one process without MPI.  @local   @fails BAD_INPUT */
enum status record_files_find_local(const struct lineage_request *request, struct record_files *files);
void record_files_clear(struct record_files *files);

/* Appends the raw segments of all files and their logs, and of those named by `also`, hashed by the ranks in turn;
 * digests end on rank 0.  A log of no bytes is one too.  @collective comm   @fails BAD_INPUT, STOPPED */
enum status record_files_hash(MPI_Comm comm, const struct lineage_request *request, const struct record_files *files,
                              struct segment_list *segments);
/* Whether all of them are as they were when they were found.  @local   @fails BAD_INPUT */
enum status record_files_unchanged(const struct lineage_request *request, const struct record_files *files);

#endif
