#include <string.h>

#include "base/memory.h"
#include "query/module.h"
#include "query/session.h"

/* ---- opening ----------------------------------------------------------------------------------------------------- */

enum status query_open(const char *run_directory, const struct query_watch *watch, struct query **query)
{
    struct query *made = memory_allocate(1, sizeof *made);
    enum status status = store_open(run_directory, watch, &made->store);
    if (status == STATUS_OK)
        status = relations_bind(made->store, &made->relations);
    if (status == STATUS_OK && sqlite3_open(":memory:", &made->database) != SQLITE_OK)
        status = fail(BAD_INPUT, "SQLite cannot be opened: %s", sqlite3_errmsg(made->database));
    if (status == STATUS_OK)
        status = module_install(made->database, &made->relations);
    if (status == STATUS_OK) {
        guard_install(made->database, &made->guard);
        *query = made;
    } else {
        query_close(made);
    }
    return status;
}

void query_close(struct query *query)
{
    if (query == NULL)
        return;
    sqlite3_close(query->database);
    relations_clear(&query->relations);
    store_close(query->store);
    memory_free(query);
}

/* ---- statements -------------------------------------------------------------------------------------------------- */

/* Whether there is nothing to do in what follows a statement. */
static bool is_rest_empty(struct query *query, const char *rest)
{
    sqlite3_stmt *statement = NULL;
    bool is_empty = sqlite3_prepare_v2(query->database, rest, -1, &statement, NULL) == SQLITE_OK && statement == NULL;
    sqlite3_finalize(statement);
    return is_empty;
}

static enum status prepare(struct query *query, const char *sql, sqlite3_stmt **statement)
{
    const char *rest = NULL;
    query->guard.refused = NULL;
    if (sqlite3_prepare_v2(query->database, sql, -1, statement, &rest) != SQLITE_OK)
        return explain_failure(query, sql);
    if (*statement == NULL)
        return fail(BAD_USAGE, "SQL: expected a SELECT, found nothing");
    if (sqlite3_column_count(*statement) == 0 || !sqlite3_stmt_readonly(*statement))
        return fail(BAD_USAGE, "SQL: expected a SELECT, found a statement that has no answer: a query only reads");
    while (*rest == ';' || *rest == ' ' || *rest == '\n')
        rest++;
    if (*rest && !is_rest_empty(query, rest))
        return fail(BAD_USAGE, "SQL: expected one statement, found more: \"%.40s\"", rest);
    return STATUS_OK;
}

static void take_blob(sqlite3_stmt *statement, int i, struct text *hex)
{
    const uint8_t *bytes = sqlite3_column_blob(statement, i);
    int n = sqlite3_column_bytes(statement, i);
    text_init(hex);
    for (int k = 0; k < n; k++)
        text_add(hex, "%02x", bytes[k]);
}

static void take_value(sqlite3_stmt *statement, int i, struct query_value *value, struct text *hex)
{
    *value = (struct query_value){.kind = QUERY_NULL};
    switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER:
            value->kind = QUERY_INTEGER;
            value->integer = sqlite3_column_int64(statement, i);
            break;
        case SQLITE_FLOAT:
            value->kind = QUERY_REAL;
            value->real = sqlite3_column_double(statement, i);
            break;
        case SQLITE_TEXT:
            value->kind = QUERY_TEXT;
            value->text = (const char *)sqlite3_column_text(statement, i);
            value->n = sqlite3_column_bytes(statement, i);
            break;
        case SQLITE_BLOB:
            take_blob(statement, i, hex);
            value->kind = QUERY_TEXT;
            value->text = hex->bytes;
            value->n = (int64_t)hex->length;
            break;
        default:
            break;
    }
}

static enum status give_rows(struct query *query, const char *sql, sqlite3_stmt *statement,
                             const struct query_sink *sink, int n)
{
    struct query_value *values = memory_allocate(n, sizeof *values);
    struct text *hex = memory_allocate(n, sizeof *hex); /* of blobs */
    enum status status = STATUS_OK;
    int code = SQLITE_ROW;
    while (status == STATUS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < n; i++)
            take_value(statement, i, &values[i], &hex[i]);
        status = sink->row(sink->context, values, n);
        for (int i = 0; i < n; i++)
            if (hex[i].bytes != NULL) {
                text_clear(&hex[i]);
                hex[i] = (struct text){0};
            }
    }
    if (status == STATUS_OK && code != SQLITE_DONE)
        status = explain_failure(query, sql);
    memory_free(hex);
    memory_free(values);
    return status;
}

enum status query_run(struct query *query, const char *sql, const char *const *parameters, int n_parameter,
                      const struct query_sink *sink)
{
    sqlite3_stmt *statement = NULL;
    enum status status = prepare(query, sql, &statement);
    for (int i = 0; i < n_parameter && status == STATUS_OK; i++)
        if (i < sqlite3_bind_parameter_count(statement))
            sqlite3_bind_text(statement, i + 1, parameters[i], -1, SQLITE_STATIC);
    int n = status == STATUS_OK ? sqlite3_column_count(statement) : 0;
    const char **columns = memory_allocate(n, sizeof *columns);
    for (int i = 0; i < n; i++)
        columns[i] = sqlite3_column_name(statement, i);
    if (status == STATUS_OK)
        status = sink->begin(sink->context, columns, n);
    if (status == STATUS_OK)
        status = give_rows(query, sql, statement, sink, n);
    if (status == STATUS_OK)
        status = sink->end(sink->context);
    memory_free(columns);
    sqlite3_finalize(statement);
    return status;
}

/* ---- what there is ----------------------------------------------------------------------------------------------- */

bool query_has_table(const struct query *query, const char *table)
{
    return relations_find_any(&query->relations, table) != NULL;
}

static struct query_value text_value(const char *text)
{
    return (struct query_value){.kind = QUERY_TEXT, .text = text, .n = (int64_t)strlen(text)};
}

enum status query_tables_run(const struct query *query, const struct query_sink *sink)
{
    static const char *const columns[] = {"table", "column", "type", "unit", "text", "file", "view"};
    enum { N = sizeof columns / sizeof *columns };
    enum status status = sink->begin(sink->context, columns, N);
    for (int i = 0; i < query->relations.n; i++) {
        const struct relation *relation = query->relations.items[i];
        for (int f = 0; f < relation->n_field && status == STATUS_OK; f++) {
            const struct field *field = &relation->fields[f];
            struct query_value row[N] = {text_value(relation->name), text_value(field->name),
                                         text_value(field->type),    text_value(field->unit),
                                         text_value(field->text),    text_value(store_files[relation->file])};
            if (relation->row->view != NULL)
                row[N - 1] = text_value(relation->row->view);
            status = sink->row(sink->context, row, N);
        }
    }
    return status == STATUS_OK ? sink->end(sink->context) : status;
}
