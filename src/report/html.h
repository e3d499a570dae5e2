/* Text and attributes of HTML pages, in which nothing from data can act as markup. */
#ifndef ASSAY_REPORT_HTML_H
#define ASSAY_REPORT_HTML_H

#include "report/visible.h"

/* Adds a string with markup escaped and odd characters shown by number; of more than `most` characters (0: no limit)
 * the middle is left out.  For text between tags, in SVG too.  @local */
void html_add_name(struct text *out, const char *value, int most);
/* The same as our own words: nothing is cut.  @local */
void html_add_words(struct text *out, const char *words);
/* The same for the value of an attribute in double quotes.  @local */
void html_add_attribute(struct text *out, const char *value);

#endif
