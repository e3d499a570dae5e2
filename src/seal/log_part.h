/* One rank's part of a log: its entries with the digests of what they speak of. */
#ifndef ASSAY_SEAL_LOG_PART_H
#define ASSAY_SEAL_LOG_PART_H

#include "comm/progress.h"
#include "merkle/range.h"
#include "seal/log_plan.h"

/* Two ways to the same bytes; whatever they disagree on must not be signed. */
enum measure_way {
    BY_EXTENT, /* reads the file where the data lie */
    BY_TABLE   /* asks HDF5 for the rows */
};

/* The text of entry i of a plan, its content hashed.  `text` gets it appended.  @local   @fails BAD_RUN, BAD_INPUT */
enum status log_measure(const struct log_plan *plan, int64_t i, enum measure_way way, struct text *text);

struct log_part {
    int64_t begin, end;  /* entries of the plan */
    struct text entries; /* owned: one after the other as bundles hold them */
    struct range range;  /* of their leaves */
};

/* Entries [part->begin, part->end) of a plan.  log_part_clear releases it, also after a failure.
 * @local   @fails BAD_RUN, BAD_INPUT */
enum status log_part_make(const struct log_plan *plan, enum measure_way way, struct progress *progress,
                          struct log_part *part);
void log_part_clear(struct log_part *part);

#endif
