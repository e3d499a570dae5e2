/* Why a statement was not taken, and what to do about it. */
#include <string.h>
#include <strings.h>

#include "query/near.h"
#include "query/session.h"

enum { SHOWN = 40 };

/* Adds where in the statement it is, as a piece of it. */
static void add_place(const struct query *query, const char *sql, struct text *sentence)
{
    int at = sqlite3_error_offset(query->database);
    if (at < 0 || (size_t)at >= strlen(sql))
        return;
    size_t n = strlen(sql + at);
    int shown = n > SHOWN ? SHOWN : (int)n;
    while (shown > 0 && shown < (int)n && ((unsigned char)sql[at + shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    text_add(sentence, ", at byte %d: \"%.*s%s\"", at + 1, shown, sql + at, (int)n > shown ? "…" : "");
}

/* The file that would have a table of this name; −1: none would. */
static int file_of(const char *table)
{
    for (int f = 0; f < STORE_FILES; f++)
        for (const struct table_row *row = catalog[f].tables; row->name != NULL; row++) {
            size_t star = strcspn(row->name, "*");
            bool is_same =
                row->name[star] ? strncasecmp(row->name, table, star) == 0 : strcasecmp(row->name, table) == 0;
            if (is_same || (row->view != NULL && strcasecmp(row->view, table) == 0))
                return f;
        }
    return -1;
}

static enum status unknown_table(const struct query *query, const char *table)
{
    const char *run = store_directory(query->store);
    int file = file_of(table);
    if (file >= 0 && store_is_unfinished(query->store, file))
        return fail(BAD_RUN, "%s: the table %s is in %s, which is not finished: run its job again, it goes on", run,
                    table, store_files[file]);
    if (file >= 0 && store_reader(query->store, file) == NULL)
        return fail(BAD_USAGE, "%s: the table %s would be in %s, which this run does not have", run, table,
                    store_files[file]);
    if (file >= 0)
        return fail(BAD_USAGE, "%s: the table %s would be in %s, but that job was not asked for it", run, table,
                    store_files[file]);
    struct near near = {.word = table};
    struct text names;
    text_init(&names);
    for (int i = 0; i < query->relations.n; i++) {
        near_offer(&near, query->relations.items[i]->name);
        if (query->relations.items[i]->row->view != NULL)
            near_offer(&near, query->relations.items[i]->row->view);
    }
    near_end(&near, &names);
    enum status status =
        fail(BAD_USAGE, "%s: there is no table %s%s; `assay query RUN --tables` lists all", run, table, names.bytes);
    text_clear(&names);
    return status;
}

static enum status unknown_column(const struct query *query, const char *column, const char *place)
{
    const char *dot = strrchr(column, '.');
    struct near near = {.word = dot != NULL ? dot + 1 : column};
    struct text names;
    text_init(&names);
    for (int i = 0; i < query->relations.n; i++)
        for (int f = 0; f < query->relations.items[i]->n_field; f++)
            near_offer(&near, query->relations.items[i]->fields[f].name);
    near_end(&near, &names);
    enum status status = fail(BAD_USAGE, "SQL: there is no column %s in these tables%s%s", column, place, names.bytes);
    text_clear(&names);
    return status;
}

enum status explain_failure(const struct query *query, const char *sql)
{
    static const char no_table[] = "no such table: ", no_column[] = "no such column: ";
    if (query->guard.refused != NULL)
        return fail(BAD_USAGE, "SQL: %s is refused: a query only reads, with SELECT", query->guard.refused);
    if (store_status(query->store) != STATUS_OK)
        return store_fail_again(query->store);
    struct text message, place;
    text_init(&message);
    text_init(&place);
    text_add(&message, "%s", sqlite3_errmsg(query->database));
    add_place(query, sql, &place);
    enum status status;
    if (strncmp(message.bytes, no_table, sizeof no_table - 1) == 0) {
        const char *table = message.bytes + sizeof no_table - 1;
        status = unknown_table(query, strncmp(table, "main.", 5) == 0 ? table + 5 : table);
    } else if (strncmp(message.bytes, no_column, sizeof no_column - 1) == 0) {
        status = unknown_column(query, message.bytes + sizeof no_column - 1, place.bytes);
    } else if (strstr(message.bytes, "may not be modified") != NULL) { /* said before the guard is asked */
        status = fail(BAD_USAGE, "SQL: changing rows is refused: a query only reads, with SELECT");
    } else {
        status = fail(BAD_USAGE, "SQL: %s%s", message.bytes, place.bytes);
    }
    text_clear(&place);
    text_clear(&message);
    return status;
}
