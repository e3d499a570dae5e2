/* Answers as a table for people, CSV or JSON. */
#ifndef ASSAY_QUERY_FORMAT_H
#define ASSAY_QUERY_FORMAT_H

#include "query/query.h"

struct format;

enum { FORMAT_COUNTED = 10000 }; /* rows of a list that is shortened: no more are counted */

/* Where the text goes, piece by piece. */
struct format_out {
    void *context;
    enum status (*put)(void *context, const char *bytes, size_t n);
};

/* "table", "csv" or "json"; a table is at most `width` columns wide.  NULL for another name.  `out` is copied.  @local
 */
struct format *format_create(const char *name, int width, const struct format_out *out);
void format_destroy(struct format *format);

/* The answers of one call: JSON wants one object around all of them.  `head` is a list of members without braces, for
 * JSON alone.  @fails as `put` does */
enum status format_begin(struct format *format, const char *head);
/* One answer; `title` may be NULL; the sink is good until the next answer begins. */
enum status format_answer(struct format *format, const char *title, struct query_sink *sink);
/* The same for a list of which people want to see `most` rows (0: all); the texts of the column `list` are numbers with
 * a blank between them, which JSON gives as an array (NULL: there is none). */
enum status format_list(struct format *format, const char *title, int most, const char *list, struct query_sink *sink);
/* A sentence in place of an answer or beside it; CSV leaves it out. */
enum status format_note(struct format *format, const char *sentence);
/* `tail` like `head`. */
enum status format_end(struct format *format, const char *tail);

#endif
