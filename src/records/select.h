/* Which of the candidate checkpoints take part. */
#ifndef ASSAY_RECORDS_SELECT_H
#define ASSAY_RECORDS_SELECT_H

#include "records/records.h"

/* Sets `selected` of every candidate, and n_selected, by the rule of the config.  Candidates are in file order, which
 * is that of their steps; candidate i is line i + 1.
 * @local   @fails BAD_INPUT when validation-improvement lacks a loss or finds a negative one, or a name is none of
 * theirs
 */
enum status checkpoints_select(const struct checkpoints_config *config, struct checkpoints *checkpoints);

#endif
