/* The log on disk: written by rank 0, read back by other ranks than made it. */
#ifndef ASSAY_SEAL_LOG_STORE_H
#define ASSAY_SEAL_LOG_STORE_H

#include <mpi.h>

#include "seal/log_part.h"

/* Stores all ranks' parts, in order of rank, as tiles and bundles in the directory `log`.  The root of what was written
 * must be `root`.  @collective comm   @fails CANNOT_WRITE, DIFFERS */
enum status log_store(MPI_Comm comm, const char *log, const struct log_part *part, const struct hash *root);

/* Measures every entry again, each on the next rank and by the other way, compares it with the one on disk, and tells
 * whether the entries on disk have the root.
 * @collective comm   @fails DIFFERS when the log on disk is another one; BAD_RUN, BAD_INPUT when a table cannot be read
 */
enum status log_recheck(MPI_Comm comm, const char *log, const struct log_plan *plan, const struct hash *root,
                        bool quiet);

#endif
