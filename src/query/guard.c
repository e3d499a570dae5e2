#include "query/guard.h"

#include <string.h>
#include <strings.h>

enum { LONGEST_VALUE = 256 << 20, LONGEST_SQL = 1 << 20 };

static const struct {
    int action;
    const char *name;
} actions[] = {
    {SQLITE_INSERT, "changing rows"},
    {SQLITE_UPDATE, "changing rows"},
    {SQLITE_DELETE, "changing rows"},
    {SQLITE_ATTACH, "ATTACH"},
    {SQLITE_DETACH, "DETACH"},
    {SQLITE_PRAGMA, "PRAGMA"},
    {SQLITE_TRANSACTION, "a transaction"},
    {SQLITE_SAVEPOINT, "SAVEPOINT"},
    {SQLITE_ALTER_TABLE, "ALTER TABLE"},
    {SQLITE_REINDEX, "REINDEX"},
    {SQLITE_ANALYZE, "ANALYZE"},
    {SQLITE_CREATE_TABLE, "CREATE"},
    {SQLITE_CREATE_TEMP_TABLE, "CREATE"},
    {SQLITE_CREATE_VIEW, "CREATE"},
    {SQLITE_CREATE_TEMP_VIEW, "CREATE"},
    {SQLITE_CREATE_INDEX, "CREATE"},
    {SQLITE_CREATE_TEMP_INDEX, "CREATE"},
    {SQLITE_CREATE_TRIGGER, "CREATE"},
    {SQLITE_CREATE_TEMP_TRIGGER, "CREATE"},
    {SQLITE_CREATE_VTABLE, "CREATE"},
    {SQLITE_DROP_TABLE, "DROP"},
    {SQLITE_DROP_VIEW, "DROP"},
    {SQLITE_DROP_VTABLE, "DROP"},
    {SQLITE_DROP_INDEX, "DROP"},
    {SQLITE_DROP_TRIGGER, "DROP"},
};

/* Functions that do more than compute. */
static const char *const functions[] = {"load_extension", "fts3_tokenizer"};

static int authorize(void *data, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    (void)database;
    (void)trigger;
    struct guard *guard = data;
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE)
        return SQLITE_OK;
    if (action == SQLITE_FUNCTION) {
        for (size_t i = 0; second != NULL && i < sizeof functions / sizeof *functions; i++)
            if (strcasecmp(second, functions[i]) == 0) {
                guard->refused = functions[i];
                return SQLITE_DENY;
            }
        return SQLITE_OK;
    }
    const char *name = "this statement";
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (actions[i].action == action)
            name = actions[i].name;
    if (first != NULL && (strcmp(first, "sqlite_master") == 0 || strcmp(first, "sqlite_temp_master") == 0))
        name = "making or dropping tables"; /* which SQLite asks for first */
    if (guard->refused == NULL)
        guard->refused = name;
    return SQLITE_DENY;
}

void guard_install(sqlite3 *database, struct guard *guard)
{
    sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, LONGEST_VALUE);
    sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_set_authorizer(database, authorize, guard);
}
