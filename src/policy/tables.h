/* policy.h5: its datasets, and how results get into them. */
#ifndef ASSAY_POLICY_TABLES_H
#define ASSAY_POLICY_TABLES_H

#include "policy/gaps.h"
#include "policy/model.h"
#include "table/table.h"

/* All that the table tells but the pairs; borrowed. */
struct findings {
    const struct problem *problem;
    const struct features *features;
    const struct model *model;
    const struct gaps *gaps;
    bool primal;
    const char *fingerprint;
};

/* Lays PATH.partial out, for a list of inputs as long and as wide as rank 0's `inputs`.
 * @collective comm   @fails CANNOT_WRITE */
enum status policy_tables_create(MPI_Comm comm, const char *path, const struct findings *findings,
                                 const struct segment_list *inputs, struct table **table);

/* Everything but pairs and inputs; called on rank 0.  @local   @fails CANNOT_WRITE */
enum status policy_tables_write(struct table *table, const struct findings *findings);

#endif
