/* What the writer and the reader of recorder files both ask of SQLite. */
#ifndef ASSAY_CAPTURE_DATABASE_H
#define ASSAY_CAPTURE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct sqlite3;

/* Checks that the file has exactly our tables, in our version; or, if the caller takes one, that it is a new file.
 * Nothing that a file could bring along (views, triggers, other columns) is let through.
 * `empty` may be NULL: then a new file is refused.  @local   @fails BAD_INPUT */
enum status database_check(struct sqlite3 *database, const char *path, bool *empty);

/* The first column of the first row: an integer, or a copy of a text (NULL when there is no row; the caller owns it).
 * `argument` (NULL: none) is bound to the statement's question mark.  @local   @fails BAD_INPUT */
enum status database_integer(struct sqlite3 *database, const char *path, const char *statement, int64_t *value);
enum status database_text(struct sqlite3 *database, const char *path, const char *statement, const char *argument,
                          char **value);

#endif
