#include "capture/recorder_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "capture/database.h"

enum { IMPATIENT = 20, PATIENT = 5000 }; /* milliseconds to wait for a lock */

struct recorder_store {
    sqlite3 *database;
    char *path;                     /* owned */
    sqlite3_stmt *inserts[N_TABLE]; /* made when first needed */
};

static enum status run(struct recorder_store *store, const char *statement)
{
    return sqlite3_exec(store->database, statement, NULL, NULL, NULL) == SQLITE_OK
               ? STATUS_OK
               : fail(CANNOT_WRITE, "%s: %s", store->path, sqlite3_errmsg(store->database));
}

static enum status make_tables(struct recorder_store *store)
{
    struct text script;
    text_init(&script);
    text_add(&script, "BEGIN IMMEDIATE;");
    for (int table = 0; table < N_TABLE; table++) {
        schema_create((enum table_id)table, &script);
        text_add(&script, ";");
    }
    text_add(&script, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", SCHEMA_APPLICATION_ID,
             SCHEMA_VERSION);
    enum status status = run(store, script.bytes);
    text_clear(&script);
    return status;
}

static enum status prepare(struct recorder_store *store, bool durable)
{
    bool empty;
    enum status status = database_check(store->database, store->path, &empty);
    if (status != STATUS_OK)
        return status;
    char *mode = NULL;
    status = database_text(store->database, store->path, "PRAGMA journal_mode = WAL", NULL, &mode);
    if (status == STATUS_OK && (mode == NULL || strcmp(mode, "wal") != 0))
        status = fail(CANNOT_WRITE, "%s: this file system has no write-ahead log: put the file on a local disk",
                      store->path);
    memory_free(mode);
    if (status == STATUS_OK)
        status = run(store, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    return status == STATUS_OK && empty ? make_tables(store) : status;
}

enum status recorder_store_open(const char *path, bool durable, struct recorder_store **store)
{
    char *directory = path_directory(path);
    enum status status = directory_make(directory);
    memory_free(directory);
    if (status != STATUS_OK)
        return status;
    struct recorder_store *opened = memory_allocate(1, sizeof *opened);
    opened->path = memory_copy_text(path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &opened->database, flags, NULL) != SQLITE_OK) {
        status = fail(CANNOT_WRITE, "%s: cannot be opened: %s", path, sqlite3_errmsg(opened->database));
    } else {
        recorder_store_be_patient(opened, true);
        status = prepare(opened, durable);
    }
    if (status != STATUS_OK) {
        recorder_store_close(opened);
        return status;
    }
    *store = opened;
    return STATUS_OK;
}

void recorder_store_close(struct recorder_store *store)
{
    if (store == NULL)
        return;
    for (int table = 0; table < N_TABLE; table++)
        sqlite3_finalize(store->inserts[table]);
    /* Fails while somebody reads it: the file then stays as it is, with its log beside it. */
    if (store->database != NULL)
        sqlite3_exec(store->database, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    sqlite3_close(store->database);
    memory_free(store->path);
    memory_free(store);
}

enum status recorder_store_forget_version(const char *path)
{
    static const char zeros[4] = {0};
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    bool well = descriptor >= 0 && pwrite(descriptor, zeros, sizeof zeros, 96) == (ssize_t)sizeof zeros;
    if (descriptor >= 0 && (fsync(descriptor) != 0 || close(descriptor) != 0))
        well = false;
    return well ? STATUS_OK : fail(CANNOT_WRITE, "%s: cannot be written to: %s", path, strerror(errno));
}

void recorder_store_be_patient(struct recorder_store *store, bool patient)
{
    sqlite3_busy_timeout(store->database, patient ? PATIENT : IMPATIENT);
}

enum status recorder_store_state(struct recorder_store *store, struct recorder_store_state *state)
{
    const struct {
        const char *statement;
        int64_t *number;
    } questions[] = {{"SELECT coalesce(max(number), 0) FROM session", &state->session},
                     {"SELECT coalesce(max(record), 0) FROM step", &state->record},
                     {"SELECT coalesce(max(number), 0) FROM parameter_group", &state->n_group}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof questions / sizeof *questions && status == STATUS_OK; i++)
        status = database_integer(store->database, store->path, questions[i].statement, questions[i].number);
    return status;
}

enum status recorder_store_meta(struct recorder_store *store, const char *name, char **value)
{
    return database_text(store->database, store->path, "SELECT value FROM meta WHERE name = ?", name, value);
}

enum status recorder_store_group(struct recorder_store *store, int64_t number, char **name)
{
    char statement[80];
    sqlite3_snprintf(sizeof statement, statement, "SELECT name FROM parameter_group WHERE number = %lld",
                     (long long)number);
    enum status status = database_text(store->database, store->path, statement, NULL, name);
    if (status == STATUS_OK && *name == NULL)
        status =
            fail(BAD_INPUT, "%s: parameter_group: expected a row %lld, found none", store->path, (long long)number);
    return status;
}

static bool is_passing(int code)
{
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_PROTOCOL:
            return true;
        default:
            return false;
    }
}

static int bind(sqlite3_stmt *insert, int at, const struct value *value)
{
    switch (value->kind) {
        case VALUE_INTEGER:
            return sqlite3_bind_int64(insert, at, value->integer);
        case VALUE_REAL:
            return sqlite3_bind_double(insert, at, value->real);
        case VALUE_TEXT:
            return sqlite3_bind_text64(insert, at, value->bytes, (sqlite3_uint64)value->n, SQLITE_STATIC, SQLITE_UTF8);
        case VALUE_BLOB:
            return sqlite3_bind_blob64(insert, at, value->bytes, (sqlite3_uint64)value->n, SQLITE_STATIC);
        default:
            return sqlite3_bind_null(insert, at);
    }
}

static int prepare_insert(struct recorder_store *store, enum table_id table)
{
    if (store->inserts[table] != NULL)
        return SQLITE_OK;
    struct text statement;
    text_init(&statement);
    schema_insert(table, &statement);
    int code = sqlite3_prepare_v3(store->database, statement.bytes, -1, SQLITE_PREPARE_PERSISTENT,
                                  &store->inserts[table], NULL);
    text_clear(&statement);
    return code;
}

/* Adds all rows of a batch; the code of what failed. */
static int insert_rows(struct recorder_store *store, const struct batch *batch)
{
    enum table_id table;
    for (size_t at = 0; batch_next_row(batch, &at, &table);) {
        int code = prepare_insert(store, table), n = schema_columns(table);
        for (int i = 1; i <= n && code == SQLITE_OK; i++) {
            struct value value = batch_next_value(batch, &at);
            code = bind(store->inserts[table], i, &value);
        }
        if (code == SQLITE_OK && sqlite3_step(store->inserts[table]) != SQLITE_DONE)
            code = sqlite3_extended_errcode(store->database);
        sqlite3_reset(store->inserts[table]);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

enum status recorder_store_write(struct recorder_store *store, const struct batch *const *batches, int n_batch,
                                 bool *passing)
{
    int code = sqlite3_exec(store->database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int i = 0; i < n_batch && code == SQLITE_OK; i++)
        code = insert_rows(store, batches[i]);
    if (code == SQLITE_OK)
        code = sqlite3_exec(store->database, "COMMIT", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return STATUS_OK;
    *passing = is_passing(code);
    enum status status = fail(CANNOT_WRITE, "%s", sqlite3_errmsg(store->database));
    if (!sqlite3_get_autocommit(store->database))
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
