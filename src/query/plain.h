/* Texts of unknown origin, as people and programs can bear them. */
#ifndef ASSAY_QUERY_PLAIN_H
#define ASSAY_QUERY_PLAIN_H

#include <stdint.h>

#include "base/text.h"

/* Length of the character at `bytes` (n > 0 of them) and its code point; −1 and 1 byte where it is not UTF-8. */
int64_t utf8_take(const char *bytes, int64_t n, int32_t *code);

/* Adds a text for a terminal: control characters, marks that turn the direction of writing or show nothing, and bytes
 * that are not UTF-8 become "?". */
void plain_add(struct text *text, const char *bytes, int64_t n);

/* Adds a text in JSON's quotes; what is not UTF-8 becomes U+FFFD. */
void plain_add_json(struct text *text, const char *bytes, int64_t n);

#endif
