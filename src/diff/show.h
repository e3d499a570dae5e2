/* Lines of a comparison, for people: texts from data shown harmlessly, nothing wider than 100 columns. */
#ifndef ASSAY_DIFF_SHOW_H
#define ASSAY_DIFF_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { SHOWN_COLUMNS = 100 };

/* Adds at most `columns` characters of a text from data: control characters and bytes that are no UTF-8 as \xNN, and
 * "…" for what is cut off.  @local */
void show_text(struct text *out, const char *value, int columns);

/* A section that shows its first items and counts the others. */
struct section_lines {
    struct text *out; /* borrowed */
    int64_t most;     /* items to show */
    int64_t n;        /* items so far */
};
/* Whether one more item is to be shown; counts it in any case.  @local */
bool show_next(struct section_lines *lines);

/* "  WHAT  A | B", over three lines where one would be too long.  @local */
void show_pair(struct text *out, const char *what, const char *a, const char *b);

#endif
