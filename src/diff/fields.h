/* Which fields differ between two configs. */
#ifndef ASSAY_DIFF_FIELDS_H
#define ASSAY_DIFF_FIELDS_H

#include "config/json.h"
#include "diff/show.h"

/* Adds a line for every value in which two JSON trees part: its path, and both values.  Objects are compared key by
 * key, whatever their order, lists item by item; only the part that one of them lacks is shown whole.
 * @local */
void fields_compare(const cJSON *a, const cJSON *b, struct section_lines *lines);

#endif
