#include "capture/recorder_read.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "capture/database.h"
#include "capture/recording_parts.h"

enum { PATIENCE = 5000 /* milliseconds to wait for a lock */, GROUPS_MOST = 10 * 1000 * 1000, NAMES_MOST = 64 };

static enum status open_database(struct recording *recording)
{
    int64_t bytes;
    enum status status = file_size(recording->path, &bytes);
    if (status != STATUS_OK)
        return status;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(recording->path, &recording->database, flags, NULL) != SQLITE_OK)
        return fail(BAD_INPUT, "%s: cannot be opened: %s", recording->path, sqlite3_errmsg(recording->database));
    sqlite3_busy_timeout(recording->database, PATIENCE);
    sqlite3_db_config(recording->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(recording->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    /* One snapshot for all that is read, also while the file is written. */
    int code = sqlite3_exec(recording->database, "PRAGMA cell_size_check = ON; BEGIN; SELECT 1 FROM sqlite_master",
                            NULL, NULL, NULL);
    if (code == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY)
        return fail(BAD_INPUT,
                    "%s: cannot be read where nothing can be written, for it was not closed: copy it and its -wal file "
                    "to another folder",
                    recording->path);
    if (code != SQLITE_OK)
        return fail(BAD_INPUT, "%s: expected a recorder's file that SQLite can read, found: %s", recording->path,
                    sqlite3_errmsg(recording->database));
    return database_check(recording->database, recording->path, NULL);
}

/* A count in decimal, as the recorder writes it. */
static bool parse_count(const char *text, int64_t *value)
{
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 18)
        return false;
    char *end;
    *value = strtoll(text, &end, 10);
    return *end == 0;
}

static enum status read_metas(struct recording *recording)
{
    char *rank = NULL, *world_size = NULL;
    const struct {
        const char *name;
        char **value;
    } wanted[] = {{"run", &recording->run},
                  {"rank", &rank},
                  {"world_size", &world_size},
                  {"samples_file", &recording->samples_file},
                  {"samples_sha256", &recording->samples_sha256},
                  {"key_id", &recording->key_id}};
    struct recording_rows *rows = NULL;
    bool more = true;
    enum status status = recording_rows_open(recording, TABLE_META, &rows);
    for (int n = 0; status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more; n++) {
        size_t i = 0;
        while (i < sizeof wanted / sizeof *wanted && strcmp(wanted[i].name, recording_text(rows, 0)) != 0)
            i++;
        if (n == NAMES_MOST || i == sizeof wanted / sizeof *wanted || *wanted[i].value != NULL)
            status = recording_expected(rows, "a name that the recorder writes, once");
        else
            *wanted[i].value = memory_copy_text(recording_text(rows, 1));
    }
    recording_rows_close(rows);
    struct recording_info *info = &recording->info;
    if (status == STATUS_OK &&
        (recording->run == NULL || rank == NULL || world_size == NULL || !parse_count(rank, &info->rank) ||
         !parse_count(world_size, &info->world_size) || info->rank >= info->world_size))
        status = fail(BAD_INPUT, "%s: meta: expected run, rank and world_size, with a rank below the world size",
                      recording->path);
    memory_free(rank);
    memory_free(world_size);
    info->run = recording->run;
    info->samples_file = recording->samples_file;
    info->samples_sha256 = recording->samples_sha256;
    info->key_id = recording->key_id;
    return status;
}

static enum status check_sessions(struct recording *recording)
{
    struct recording_rows *rows = NULL;
    bool more = true;
    int64_t *n = &recording->info.n_session;
    enum status status = recording_rows_open(recording, TABLE_SESSION, &rows);
    while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more) {
        *n += 1;
        if (recording_integer(rows, 0) != *n)
            status = recording_expected(rows, "sessions to be numbered from 1 without a gap");
    }
    recording_rows_close(rows);
    return status;
}

static enum status read_groups(struct recording *recording)
{
    struct recording_rows *rows = NULL;
    bool more = true;
    int64_t *n = &recording->info.n_group, capacity = 0;
    enum status status = recording_rows_open(recording, TABLE_PARAMETER_GROUP, &rows);
    while (status == STATUS_OK && (status = recording_rows_next(rows, &more)) == STATUS_OK && more) {
        if (recording_integer(rows, 0) != *n + 1 || *n == GROUPS_MOST) {
            status = recording_expected(rows, "parameter groups to be numbered from 1 without a gap");
            break;
        }
        if (*n == capacity) {
            int64_t larger = capacity ? 2 * capacity : 16;
            recording->groups = memory_resize(recording->groups, capacity, larger, sizeof *recording->groups);
            capacity = larger;
        }
        recording->groups[*n] = memory_copy_text(recording_text(rows, 1));
        *n += 1;
    }
    recording_rows_close(rows);
    return status;
}

enum status recording_open(const char *path, struct recording **recording)
{
    *recording = NULL;
    struct recording *opened = memory_allocate(1, sizeof *opened);
    opened->path = memory_copy_text(path);
    enum status status = open_database(opened);
    if (status == STATUS_OK)
        status = read_metas(opened);
    if (status == STATUS_OK)
        status = check_sessions(opened);
    if (status == STATUS_OK)
        status = read_groups(opened);
    if (status != STATUS_OK) {
        recording_close(opened);
        return status;
    }
    *recording = opened;
    return STATUS_OK;
}

void recording_close(struct recording *recording)
{
    if (recording == NULL)
        return;
    sqlite3_close(recording->database);
    for (int64_t k = 0; k < recording->info.n_group; k++)
        memory_free(recording->groups[k]);
    memory_free(recording->groups);
    memory_free(recording->run);
    memory_free(recording->samples_file);
    memory_free(recording->samples_sha256);
    memory_free(recording->key_id);
    memory_free(recording->path);
    memory_free(recording);
}

const struct recording_info *recording_info(const struct recording *recording)
{
    return &recording->info;
}

const char *recording_group(const struct recording *recording, int64_t number)
{
    ASSERT(number >= 1 && number <= recording->info.n_group);
    return recording->groups[number - 1];
}
