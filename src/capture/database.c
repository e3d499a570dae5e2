#include "capture/database.h"

#include <sqlite3.h>
#include <string.h>

#include "base/memory.h"
#include "capture/schema.h"

static enum status cannot_ask(sqlite3 *database, const char *path)
{
    return fail(BAD_INPUT, "%s: expected a recorder's file that SQLite can read, found: %s", path,
                sqlite3_errmsg(database));
}

enum status database_integer(sqlite3 *database, const char *path, const char *statement, int64_t *value)
{
    sqlite3_stmt *query = NULL;
    bool well =
        sqlite3_prepare_v2(database, statement, -1, &query, NULL) == SQLITE_OK && sqlite3_step(query) == SQLITE_ROW;
    enum status status = well ? STATUS_OK : cannot_ask(database, path);
    if (well)
        *value = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return status;
}

enum status database_text(sqlite3 *database, const char *path, const char *statement, const char *argument,
                          char **value)
{
    sqlite3_stmt *query = NULL;
    int code = sqlite3_prepare_v2(database, statement, -1, &query, NULL);
    if (code == SQLITE_OK && argument != NULL)
        code = sqlite3_bind_text(query, 1, argument, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(query);
    const char *found = code == SQLITE_ROW ? (const char *)sqlite3_column_text(query, 0) : NULL;
    enum status status = code == SQLITE_ROW || code == SQLITE_DONE ? STATUS_OK : cannot_ask(database, path);
    if (status == STATUS_OK)
        *value = found != NULL ? memory_copy_text(found) : NULL;
    sqlite3_finalize(query);
    return status;
}

/* The table that this statement makes, or N_TABLE. */
static int table_of(const char *statement)
{
    struct text expected;
    text_init(&expected);
    int table = 0;
    for (; table < N_TABLE; table++) {
        text_clear(&expected);
        text_init(&expected);
        schema_create((enum table_id)table, &expected);
        if (statement != NULL && strcmp(statement, expected.bytes) == 0)
            break;
    }
    text_clear(&expected);
    return table;
}

static enum status check_tables(sqlite3 *database, const char *path)
{
    sqlite3_stmt *query = NULL;
    bool found[N_TABLE] = {false};
    enum status status = STATUS_OK;
    int code = sqlite3_prepare_v2(database, "SELECT sql FROM sqlite_master", -1, &query, NULL), n = 0;
    while (code == SQLITE_OK && status == STATUS_OK && sqlite3_step(query) == SQLITE_ROW) {
        const char *statement = (const char *)sqlite3_column_text(query, 0);
        int table = table_of(statement);
        if (table == N_TABLE || found[table])
            status = fail(BAD_INPUT, "%s: expected only the tables of version %d of a recorder's file, found: %.200s",
                          path, SCHEMA_VERSION, statement != NULL ? statement : "(nothing)");
        else
            found[table] = true;
        n++;
    }
    if (status == STATUS_OK && sqlite3_errcode(database) != SQLITE_DONE && sqlite3_errcode(database) != SQLITE_OK)
        status = cannot_ask(database, path);
    if (status == STATUS_OK && n != N_TABLE)
        status = fail(BAD_INPUT, "%s: expected the %d tables of a recorder's file, found %d", path, N_TABLE, n);
    sqlite3_finalize(query);
    return status;
}

enum status database_check(sqlite3 *database, const char *path, bool *empty)
{
    int64_t application = 0, version = 0, n = 0;
    enum status status = database_integer(database, path, "PRAGMA application_id", &application);
    if (status == STATUS_OK)
        status = database_integer(database, path, "PRAGMA user_version", &version);
    if (status == STATUS_OK)
        status = database_integer(database, path, "SELECT count(*) FROM sqlite_master", &n);
    if (status != STATUS_OK)
        return status;
    bool is_new = application == 0 && version == 0 && n == 0;
    if (empty != NULL)
        *empty = is_new;
    if (empty != NULL && is_new)
        return STATUS_OK;
    if (application != SCHEMA_APPLICATION_ID)
        return fail(BAD_INPUT, "%s: expected a recorder's file (application id %#x), found %#llx", path,
                    SCHEMA_APPLICATION_ID, (unsigned long long)application);
    if (version != SCHEMA_VERSION)
        return fail(BAD_INPUT, "%s: expected version %d of a recorder's file, found %lld", path, SCHEMA_VERSION,
                    (long long)version);
    return check_tables(database, path);
}
