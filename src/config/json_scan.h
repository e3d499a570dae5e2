/* The grammar of JSON, checked to the letter before cJSON, which lets much pass, sees the bytes. */
#ifndef ASSAY_CONFIG_JSON_SCAN_H
#define ASSAY_CONFIG_JSON_SCAN_H

#include "config/json_cursor.h"

enum { JSON_DEPTH = 64 }; /* objects and lists within each other */

/* Whether the bytes are one JSON value, all but repeated keys.  Uses no recursion and no heap.
 * @local   @fails `bad`   @source RFC 8259 */
enum status json_scan(const struct json_source *source, enum status bad);

/* The place of the key that is the `ordinal`-th (from 0) of a text that json_scan has passed, as json_cursor_place. */
void json_key_place(const struct json_source *source, int64_t ordinal, int64_t *line, int64_t *column);

#endif
