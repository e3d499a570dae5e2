/* One field: from JSON into its place in a section's struct, and back. */
#ifndef ASSAY_CONFIG_FIELD_H
#define ASSAY_CONFIG_FIELD_H

#include "config/config.h"
#include "config/json.h"
#include "config/problem.h"

/* Checks `item` and stores it in `values`, the section's struct, whose field must be zero so far; or adds a problem
 * under `path` and stores nothing.  @local */
void field_set(const struct field *field, const char *path, const cJSON *item, void *values, struct problems *problems);

/* Frees what the field owns and zeroes it. */
void field_clear(const struct field *field, void *values);

/* Adds the value as canonical JSON. */
void field_add_value(const struct field *field, const void *values, struct text *text);

/* Adds what is expected: "an integer between 1 and 100". */
void field_add_expected(const struct field *field, struct text *text);

/* Whether the field has a bound on that side, beyond what its type has anyway; whether a value lies within them; and
 * the words for them: " between 1 and 100", or nothing. */
bool field_has_minimum(const struct field *field);
bool field_has_maximum(const struct field *field);
bool field_in_range(const struct field *field, double value);
void field_add_range(const struct field *field, struct text *text);

#endif
