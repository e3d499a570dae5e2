/* Rows of a recorder file, one at a time: kinds, lengths and ranges are checked before anybody sees a value. */
#include <math.h>
#include <sqlite3.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "capture/database.h"
#include "capture/recording_parts.h"

#define INTEGER_MOST (INT64_C(1) << 62) /* so that whoever reads it can go on to the next number */

/* A value of the row. */
struct cell {
    bool absent;
    int64_t integer; /* or the number of elements */
    double real;
    char *bytes; /* owned; aligned; of texts, digests and arrays */
    int64_t capacity;
};

struct recording_rows {
    const struct recording *recording;
    enum table_id table;
    sqlite3_stmt *query;
    int64_t number;     /* of the row in its table */
    int n_column, n_at; /* n_at: the column "n", -1 if there is none */
    struct cell cells[MAX_COLUMN];
};

enum status recording_expected(const struct recording_rows *rows, const char *expected)
{
    return fail(BAD_INPUT, "%s: table %s, row %lld: expected %s", rows->recording->path,
                table_schemas[rows->table].name, (long long)rows->number, expected);
}

static enum status wrong_column(const struct recording_rows *rows, int column, const char *expected)
{
    return fail(BAD_INPUT, "%s: table %s, row %lld, column %s: expected %s", rows->recording->path,
                table_schemas[rows->table].name, (long long)rows->number,
                table_schemas[rows->table].columns[column].name, expected);
}

enum status recording_rows_open(struct recording *recording, enum table_id table, struct recording_rows **rows)
{
    return recording_rows_open_at(recording, table, 0, rows);
}

int64_t recording_row(const struct recording_rows *rows)
{
    return rows->number;
}

enum status recording_rows_open_at(struct recording *recording, enum table_id table, int64_t first,
                                   struct recording_rows **rows)
{
    const struct table_schema *schema = &table_schemas[table];
    struct text statement;
    text_init(&statement);
    text_add(&statement, "SELECT rowid");
    struct recording_rows *opened = memory_allocate(1, sizeof *opened);
    *opened = (struct recording_rows){.recording = recording, .table = table, .n_at = -1};
    for (int i = 0; schema->columns[i].name != NULL; i++) {
        text_add(&statement, ", %s", schema->columns[i].name);
        if (strcmp(schema->columns[i].name, "n") == 0)
            opened->n_at = i;
        opened->n_column = i + 1;
    }
    text_add(&statement, " FROM %s", schema->name);
    if (first > 0)
        text_add(&statement, " WHERE rowid >= %lld", (long long)first);
    text_add(&statement, " ORDER BY rowid");
    int code = sqlite3_prepare_v2(recording->database, statement.bytes, -1, &opened->query, NULL);
    text_clear(&statement);
    if (code != SQLITE_OK) {
        recording_rows_close(opened);
        return fail(BAD_INPUT, "%s: table %s cannot be read: %s", recording->path, schema->name,
                    sqlite3_errmsg(recording->database));
    }
    *rows = opened;
    return STATUS_OK;
}

void recording_rows_close(struct recording_rows *rows)
{
    if (rows == NULL)
        return;
    sqlite3_finalize(rows->query);
    for (int i = 0; i < rows->n_column; i++)
        memory_free(rows->cells[i].bytes);
    memory_free(rows);
}

/* Copies bytes, for alignment, and a zero byte after them. */
static void hold(struct cell *cell, const void *bytes, int64_t n)
{
    if (n + 1 > cell->capacity) {
        memory_free(cell->bytes);
        cell->capacity = n + n / 2 + 64;
        cell->bytes = memory_allocate_raw(cell->capacity, 1);
    }
    if (n > 0)
        memcpy(cell->bytes, bytes, (size_t)n);
    cell->bytes[n] = 0;
}

static enum status read_text(struct recording_rows *rows, int column, struct cell *cell)
{
    const unsigned char *text = sqlite3_column_text(rows->query, column + 1);
    int64_t n = sqlite3_column_bytes(rows->query, column + 1);
    if (text == NULL || memchr(text, 0, (size_t)n) != NULL || !utf8_is_valid((const char *)text, (size_t)n))
        return wrong_column(rows, column, "UTF-8 without a zero byte");
    hold(cell, text, n);
    return STATUS_OK;
}

static enum status read_bytes(struct recording_rows *rows, int column, enum column_kind kind, struct cell *cell)
{
    int64_t n = sqlite3_column_bytes(rows->query, column + 1);
    if (kind == COLUMN_DIGEST) {
        if (n != DIGEST_BYTES)
            return wrong_column(rows, column, "32 bytes");
        hold(cell, sqlite3_column_blob(rows->query, column + 1), n);
        return STATUS_OK;
    }
    int64_t size = (int64_t)schema_element(kind);
    cell->integer = n / size;
    /* The column "n" stands before the arrays that it counts. */
    if (n % size != 0 || (kind != COLUMN_PARTS && cell->integer != rows->cells[rows->n_at].integer))
        return wrong_column(rows, column, "as many elements as the row's n says");
    hold(cell, sqlite3_column_blob(rows->query, column + 1), n);
    return STATUS_OK;
}

static enum status check_parts(const struct recording_rows *rows, int column)
{
    const int64_t *parts = (const int64_t *)rows->cells[column].bytes;
    int64_t left = rows->cells[rows->n_at].integer;
    for (int64_t i = 0; i < rows->cells[column].integer; i++) {
        if (parts[i] < 1 || parts[i] > left)
            return wrong_column(rows, column, "positive counts that add up to n");
        left -= parts[i];
    }
    return left == 0 ? STATUS_OK : wrong_column(rows, column, "positive counts that add up to n");
}

/* Indices of samples; classes and labels are whatever the trainer says. */
static enum status check_indices(const struct recording_rows *rows, int column)
{
    const int64_t *indices = (const int64_t *)rows->cells[column].bytes;
    for (int64_t i = 0; i < rows->cells[column].integer; i++)
        if (indices[i] < 0)
            return wrong_column(rows, column, "indices of 0 or more");
    return STATUS_OK;
}

static enum status read_cell(struct recording_rows *rows, int column)
{
    static const int stored_as[] = {
        [COLUMN_KEY] = SQLITE_INTEGER, [COLUMN_INTEGER] = SQLITE_INTEGER, [COLUMN_REAL] = SQLITE_FLOAT,
        [COLUMN_TEXT] = SQLITE_TEXT,   [COLUMN_DIGEST] = SQLITE_BLOB,     [COLUMN_I64S] = SQLITE_BLOB,
        [COLUMN_F32S] = SQLITE_BLOB,   [COLUMN_F64S] = SQLITE_BLOB,       [COLUMN_PARTS] = SQLITE_BLOB,
    };
    const struct column *schema = &table_schemas[rows->table].columns[column];
    struct cell *cell = &rows->cells[column];
    int type = sqlite3_column_type(rows->query, column + 1);
    cell->absent = type == SQLITE_NULL;
    if (cell->absent && schema->optional)
        return STATUS_OK;
    if (type != stored_as[schema->kind])
        return wrong_column(rows, column, "a value of the column's type");
    switch (schema->kind) {
        case COLUMN_KEY:
        case COLUMN_INTEGER:
            cell->integer = sqlite3_column_int64(rows->query, column + 1);
            if (cell->integer > INTEGER_MOST)
                return wrong_column(rows, column, "at most 2^62");
            return cell->integer >= 0 ? STATUS_OK : wrong_column(rows, column, "0 or more");
        case COLUMN_REAL:
            cell->real = sqlite3_column_double(rows->query, column + 1);
            return STATUS_OK;
        case COLUMN_TEXT:
            return read_text(rows, column, cell);
        default:
            break;
    }
    enum status status = read_bytes(rows, column, schema->kind, cell);
    if (status == STATUS_OK && schema->kind == COLUMN_PARTS)
        status = check_parts(rows, column);
    if (status == STATUS_OK && schema->kind == COLUMN_I64S && strcmp(schema->name, "samples") == 0)
        status = check_indices(rows, column);
    return status;
}

enum status recording_rows_next(struct recording_rows *rows, bool *more)
{
    int code = sqlite3_step(rows->query);
    *more = code == SQLITE_ROW;
    if (code == SQLITE_DONE)
        return STATUS_OK;
    if (code != SQLITE_ROW)
        return fail(BAD_INPUT, "%s: table %s, after row %lld: the file is damaged: %s", rows->recording->path,
                    table_schemas[rows->table].name, (long long)rows->number,
                    sqlite3_errmsg(rows->recording->database));
    rows->number = sqlite3_column_int64(rows->query, 0);
    enum status status = STATUS_OK;
    for (int i = 0; i < rows->n_column && status == STATUS_OK; i++)
        status = read_cell(rows, i);
    *more = status == STATUS_OK;
    return status;
}

static const struct cell *cell_of(const struct recording_rows *rows, int column, enum column_kind first,
                                  enum column_kind last)
{
    enum column_kind kind = table_schemas[rows->table].columns[column].kind;
    ASSERT(column < rows->n_column && kind >= first && kind <= last);
    return &rows->cells[column];
}

int64_t recording_integer(const struct recording_rows *rows, int column)
{
    const struct cell *cell = cell_of(rows, column, COLUMN_KEY, COLUMN_INTEGER);
    return cell->absent ? -1 : cell->integer;
}

double recording_real(const struct recording_rows *rows, int column)
{
    const struct cell *cell = cell_of(rows, column, COLUMN_REAL, COLUMN_REAL);
    return cell->absent ? (double)NAN : cell->real;
}

const char *recording_text(const struct recording_rows *rows, int column)
{
    const struct cell *cell = cell_of(rows, column, COLUMN_TEXT, COLUMN_TEXT);
    return cell->absent ? NULL : cell->bytes;
}

const uint8_t *recording_digest(const struct recording_rows *rows, int column)
{
    const struct cell *cell = cell_of(rows, column, COLUMN_DIGEST, COLUMN_DIGEST);
    return cell->absent ? NULL : (const uint8_t *)cell->bytes;
}

const void *recording_array(const struct recording_rows *rows, int column, int64_t *n)
{
    const struct cell *cell = cell_of(rows, column, COLUMN_I64S, COLUMN_PARTS);
    if (n != NULL)
        *n = cell->absent ? 0 : cell->integer;
    return cell->absent ? NULL : cell->bytes;
}

enum status recording_extent(struct recording *recording, enum table_id table, struct recording_extent *extent)
{
    const struct {
        const char *what;
        int64_t *value;
    } questions[] = {{"count(*)", &extent->n_row},
                     {"coalesce(sum(length(samples) / 8), 0)", &extent->n_sample},
                     {"coalesce(max(length(samples) / 8), 0)", &extent->most}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof questions / sizeof *questions && status == STATUS_OK; i++) {
        struct text statement;
        text_init(&statement);
        text_add(&statement, "SELECT %s FROM %s", questions[i].what, table_schemas[table].name);
        status = database_integer(recording->database, recording->path, statement.bytes, questions[i].value);
        text_clear(&statement);
    }
    return status;
}

/* The record of the first row from `row` on, and that row's number; INT64_MAX twice if there is none. */
static enum status look_up(struct recording *recording, sqlite3_stmt *query, const char *table, int64_t row,
                           int64_t found[2])
{
    sqlite3_reset(query);
    sqlite3_bind_int64(query, 1, row);
    int code = sqlite3_step(query);
    found[0] = found[1] = INT64_MAX;
    if (code == SQLITE_ROW) {
        found[0] = sqlite3_column_int64(query, 0);
        found[1] = sqlite3_column_int64(query, 1);
    }
    return code == SQLITE_ROW || code == SQLITE_DONE
               ? STATUS_OK
               : fail(BAD_INPUT, "%s: table %s, from row %lld on: the file is damaged: %s", recording->path, table,
                      (long long)row, sqlite3_errmsg(recording->database));
}

enum status recording_find_record(struct recording *recording, enum table_id table, int64_t record, int64_t *row)
{
    const char *name = table_schemas[table].name;
    struct text statement;
    sqlite3_stmt *query = NULL;
    text_init(&statement);
    text_add(&statement, "SELECT rowid, record FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT 1", name);
    enum status status = STATUS_OK;
    if (sqlite3_prepare_v2(recording->database, statement.bytes, -1, &query, NULL) != SQLITE_OK)
        status = fail(BAD_INPUT, "%s: table %s cannot be read: %s", recording->path, name,
                      sqlite3_errmsg(recording->database));
    int64_t low = 0, high = INTEGER_MOST; /* rows before `low` have less, the row from `high` on has not */
    *row = INT64_MAX;
    while (status == STATUS_OK && low < high) {
        int64_t middle = low + (high - low) / 2, found[2];
        status = look_up(recording, query, name, middle, found);
        if (found[1] >= record) {
            high = middle;
            *row = found[0];
        } else {
            low = found[0] < high ? found[0] + 1 : high; /* a damaged file may have rows from `high` on */
        }
    }
    sqlite3_finalize(query);
    text_clear(&statement);
    return status;
}
