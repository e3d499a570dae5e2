/* The input files of a run as its log lists them, summed up per file for the statement. */
#ifndef ASSAY_SEAL_DEPENDENCIES_H
#define ASSAY_SEAL_DEPENDENCIES_H

#include "seal/statement.h"

/* Adds one dependency per input file, from the input entries of a log of `size` entries on disk.
 * @local   @fails BAD_RUN when a bundle or entry cannot be read */
enum status dependencies_collect(const char *log, int64_t size, struct statement *statement);

#endif
