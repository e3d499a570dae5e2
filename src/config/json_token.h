/* The strings and numbers of JSON, checked to the letter. */
#ifndef ASSAY_CONFIG_JSON_TOKEN_H
#define ASSAY_CONFIG_JSON_TOKEN_H

#include "config/json_cursor.h"

enum { JSON_NUMBER_LENGTH = 63 }; /* characters: what fits cJSON's own buffer */

/* Skips a string, from its opening quote to behind its closing one.  @fails the cursor's status */
enum status json_token_string(struct json_cursor *cursor);
/* Skips a number, from its sign or first digit.  @fails the cursor's status */
enum status json_token_number(struct json_cursor *cursor);

#endif
