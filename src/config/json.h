/* JSON without surprises: cJSON behind a strict door. */
#ifndef ASSAY_CONFIG_JSON_H
#define ASSAY_CONFIG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/status.h"
#include "base/text.h"

/* Parses exactly n bytes: one value to the end, valid UTF-8 without a byte order mark, no zero bytes (nor \u0000), no
 * lone surrogates, no repeated keys in any object, numbers as JSON writes them (no 01, no 1.), at most 63 characters
 * long and in the range of a double, depth at most 64.  `name` and the line and column appear in the sentence.
 * The caller deletes *json with cJSON_Delete.  @local   @fails `bad` (BAD_CONFIG or BAD_INPUT)   @source RFC 8259 */
enum status json_parse(const char *bytes, size_t n, const char *name, enum status bad, cJSON **json);

/* The same for one line of a JSON Lines file: the n bytes are its line number `line`, counted from 1.  @local */
enum status json_parse_line(const char *bytes, size_t n, const char *name, int64_t line, enum status bad, cJSON **json);

/* The same, but repeated keys are not a failure: `repeated` gets a line (ending in LF) for each, at most 32, that
 * starts with the key's path.  The tree holds all of them; json_member finds the first.  @local */
enum status json_parse_lenient(const char *bytes, size_t n, const char *name, enum status bad, cJSON **json,
                               struct text *repeated);

/* Members by exact, case-sensitive key; NULL if absent or if `object` is none. */
const cJSON *json_member(const cJSON *object, const char *key);
/* true and *value if `item` is a number that is an integer in ±(2^53 − 1). */
bool json_integer(const cJSON *item, int64_t *value);

/* Adds a finite number with the fewest of 15 to 17 digits that read back as the same double, in any locale. */
void json_add_number(struct text *text, double value);
/* Adds what `item` is, for a sentence: a scalar as JSON (long strings are cut), "an object", "a list" or "nothing". */
void json_add_found(struct text *text, const cJSON *item);
/* Adds a string in JSON quotes, cut after 60 characters. */
void json_add_excerpt(struct text *text, const char *value);
/* Adds a key of a path: as it is if it reads well there, otherwise as an excerpt. */
void json_add_key(struct text *text, const char *key);

#endif
