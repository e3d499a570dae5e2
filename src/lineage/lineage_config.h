/* Config section "lineage": where the record of training lies, and what counts as a fault in it. */
#ifndef ASSAY_LINEAGE_LINEAGE_CONFIG_H
#define ASSAY_LINEAGE_LINEAGE_CONFIG_H

#include "config/config.h"

struct lineage_config {
    struct strings records;    /* recorder files: names or globs */
    char *order;               /* npy: one row of sample indices per step; NULL: none */
    char *policies;            /* policies.json, whose gate decides admissions again; NULL: none */
    double residual_tolerance; /* times the rounding that was recorded */
    double share_tolerance;    /* |sum of shares - 1| where no rounding was recorded */
    int64_t uses_per_epoch;    /* of one sample, at most; 0: any number */
    int64_t keep_findings;     /* of each kind */
    int64_t keep_top;          /* samples per parameter group */
    bool strict;               /* a violation is an exit code */
    int64_t memory;            /* bytes per rank */
};

extern const struct section lineage_section;

#endif
