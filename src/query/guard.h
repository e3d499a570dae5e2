/* A query only reads. */
#ifndef ASSAY_QUERY_GUARD_H
#define ASSAY_QUERY_GUARD_H

#include <sqlite3.h>

struct guard {
    const char *refused; /* what the latest statement tried, "INSERT"; NULL: nothing */
};

/* From here on the database refuses everything but SELECT; `guard` is borrowed while it is open.  @local */
void guard_install(sqlite3 *database, struct guard *guard);

#endif
