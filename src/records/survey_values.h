/* The values of a grouping key, from the ranks that met them to all ranks. */
#ifndef ASSAY_RECORDS_SURVEY_VALUES_H
#define ASSAY_RECORDS_SURVEY_VALUES_H

#include "records/ranks.h"
#include "records/records.h"
#include "records/value_set.h"

/* Rank 0's set becomes that of all, in order of first lines; ranks read the file in their order.
 * @collective ranks->comm */
void survey_values_gather(const struct ranks *ranks, struct value_set *set);
/* Rank 0's values, sorted, as a column of that name on every rank.  @collective ranks->comm */
void survey_values_share(const struct ranks *ranks, const struct value_set *set, const char *name,
                         struct group_column *column);

#endif
