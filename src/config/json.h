/* JSON without surprises: cJSON behind a strict door. */
#ifndef ASSAY_CONFIG_JSON_H
#define ASSAY_CONFIG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/status.h"

/* Parses exactly n bytes: one value to the end, valid UTF-8, no zero bytes, no repeated keys in any object, numbers as
 * JSON writes them (no 01, no 1.), depth at most 64.  `name` and line number appear in the sentence.
 * The caller deletes *json with cJSON_Delete.  @local   @fails `bad` (BAD_CONFIG or BAD_INPUT) */
enum status json_parse(const char *bytes, size_t n, const char *name, enum status bad, cJSON **json);

/* Members by exact, case-sensitive key; NULL if absent. */
const cJSON *json_member(const cJSON *object, const char *key);
/* true and *value if `item` is a number that is an integer in ±(2^53 − 1). */
bool json_integer(const cJSON *item, int64_t *value);

#endif
