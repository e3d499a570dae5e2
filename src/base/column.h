/* Names in columns of text, for people. */
#ifndef ASSAY_BASE_COLUMN_H
#define ASSAY_BASE_COLUMN_H

#include "base/text.h"

/* Adds a name from data in exactly `width` columns: control bytes are shown as "?", and of a longer one the middle is
 * left out, since names differ at their ends.  @local */
void text_add_column(struct text *text, const char *name, int width);

/* Ends the line without its trailing blanks.  @local */
void text_end_line(struct text *text);

#endif
