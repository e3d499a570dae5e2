/* Keys that occur twice in one object. */
#ifndef ASSAY_CONFIG_JSON_REPEATS_H
#define ASSAY_CONFIG_JSON_REPEATS_H

#include <cjson/cJSON.h>

#include "base/text.h"
#include "config/json_scan.h"

/* Adds a line (ending in LF) "PATH: is repeated at …" for each repeated key of the tree `json` that was parsed from
 * `source`, inner objects first, and stops after `limit` of them.  Keys are compared as characters, however they were
 * escaped, in O(n log n).  Returns how many lines it added.  @local */
int json_repeats(const struct json_source *source, const cJSON *json, int limit, struct text *lines);

#endif
