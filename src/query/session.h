/* An open run, between the files of this folder. */
#ifndef ASSAY_QUERY_SESSION_H
#define ASSAY_QUERY_SESSION_H

#include "query/guard.h"
#include "query/query.h"
#include "query/relation.h"

struct query {
    struct store *store;
    struct relations relations;
    sqlite3 *database;
    struct guard guard;
};

/* What SQLite says of a statement that it does not take, in a sentence that helps.
 * @local   @fails BAD_USAGE, BAD_RUN */
enum status explain_failure(const struct query *query, const char *sql);

#endif
