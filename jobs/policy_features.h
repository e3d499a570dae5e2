/* The features of the policy's probes, for other jobs. */
#ifndef ASSAY_JOBS_POLICY_FEATURES_H
#define ASSAY_JOBS_POLICY_FEATURES_H

#include "exact/rows.h"
#include "jobs/context.h"

/* Reads what the section policy names, block by block by the ranks in turn: all rows on every rank, and what was read
 * on rank 0.  The caller clears both.
 * @collective context->comm   @fails BAD_CONFIG, BAD_INPUT */
enum status policy_features_read(struct context *context, struct rows *rows, struct segment_list *segments);

#endif
