/* Relations as virtual tables of SQLite. */
#ifndef ASSAY_QUERY_MODULE_H
#define ASSAY_QUERY_MODULE_H

#include <sqlite3.h>

#include "query/relation.h"

/* Makes every relation a table of the database, and the views that put some of them together.  `relations` is borrowed
 * for as long as the database is open.  @local   @fails BAD_INPUT */
enum status module_install(sqlite3 *database, const struct relations *relations);

/* Adds a name in SQL's quotes. */
void module_add_name(struct text *text, const char *name);

#endif
