/* A JSON Lines file, one record at a time. */
#ifndef ASSAY_RECORDS_LINES_H
#define ASSAY_RECORDS_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"
#include "config/json.h"

enum { ID_LONGEST = 1024 }; /* bytes */

struct lines {
    const char *file;  /* borrowed; for sentences */
    const char *bytes; /* borrowed */
    size_t n, at;
    int64_t number; /* of the line read last, from 1 */
    cJSON *record;  /* owned; that line's object */
};

void lines_init(struct lines *lines, const char *file, const char *bytes, size_t n);
void lines_clear(struct lines *lines);

/* Reads the next line into `record`, NULL at the end of the file.  Every line must hold an object; the last may end
 * without a line feed.  @local   @fails BAD_INPUT */
enum status lines_next(struct lines *lines);

/* Reads the n bytes of line `number`, wherever they come from, into `record`.  @local   @fails BAD_INPUT */
enum status lines_take(struct lines *lines, const char *line, size_t n, int64_t number);

/* "FILE: line N: KEY: expected …, found …", what was found being the record's value of `key`.  @local */
enum status lines_expected(const struct lines *lines, const char *key, const char *expected);

/* The record's id: a string of 1 to ID_LONGEST bytes without control characters, or an integer shown in decimal.
 * Replaces the content of `id`.  @local   @fails BAD_INPUT */
enum status lines_id(const struct lines *lines, const char *key, struct text *id);

/* An optional string; "" if the key is absent or null.  *value is borrowed from the record.
 * @local   @fails BAD_INPUT */
enum status lines_string(const struct lines *lines, const char *key, const char **value);

/* Whether a string holds a control character. */
bool has_control_character(const char *string);

#endif
