#include "query/module.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "query/walk.h"

/* ---- tables ------------------------------------------------------------------------------------------------------ */

struct virtual_table {
    sqlite3_vtab base; /* first: SQLite knows it by this */
    const struct relation *relation;
};

void module_add_name(struct text *text, const char *name)
{
    text_add(text, "\"");
    for (; *name; name++)
        text_add(text, "%s%c", *name == '"' ? "\"" : "", *name);
    text_add(text, "\"");
}

static int connect(sqlite3 *database, void *data, int n, const char *const *arguments, sqlite3_vtab **table,
                   char **error)
{
    (void)error;
    const struct relations *relations = data;
    const struct relation *relation = NULL;
    if (n > 2)
        relation = relations_find(relations, arguments[2]);
    if (relation == NULL)
        return SQLITE_ERROR;
    struct text schema;
    text_init(&schema);
    text_add(&schema, "CREATE TABLE t(");
    for (int i = 0; i < relation->n_field; i++) {
        text_add(&schema, i > 0 ? ", " : "");
        module_add_name(&schema, relation->fields[i].name);
        text_add(&schema, " %s", relation->fields[i].type);
    }
    text_add(&schema, ")");
    int code = sqlite3_declare_vtab(database, schema.bytes);
    text_clear(&schema);
    if (code != SQLITE_OK)
        return code;
    struct virtual_table *made = memory_allocate(1, sizeof *made);
    made->relation = relation;
    *table = &made->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
    memory_free(table);
    return SQLITE_OK;
}

/* ---- plans ------------------------------------------------------------------------------------------------------- */

/* What a comparison can be used for, as one letter of the plan; 0: nothing.  *share: part of the rows it leaves. */
static char usefulness(const struct relation *relation, sqlite3_index_info *info, int i, double *share)
{
    int column = info->aConstraint[i].iColumn, comparison = info->aConstraint[i].op;
    if (!info->aConstraint[i].usable || column < 0)
        return 0;
    const struct field *field = &relation->fields[column];
    double n_row = 0, all = (double)relation->shape.n_row + 1;
    enum chain_use use = chain_use(&field->chain, &relation->shape, &n_row);
    bool is_text = strcmp(field->type, "TEXT") == 0, is_equal = comparison == SQLITE_INDEX_CONSTRAINT_EQ;
    if (is_text && strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)
        return 0;
    *share = 0.25;
    if (is_equal && use != CHAIN_USELESS) {
        *share = (n_row + 1) / all;
        return is_text ? 't' : '=';
    }
    if (is_equal && walk_finds_samples(relation, column)) {
        *share = 4096 / (all + 4096);
        return 's';
    }
    if (is_equal && walk_filters(relation, column)) {
        *share = 0.01;
        return 'f';
    }
    if (use != CHAIN_RANGES)
        return 0;
    switch (comparison) {
        case SQLITE_INDEX_CONSTRAINT_GT:
            return '>';
        case SQLITE_INDEX_CONSTRAINT_GE:
            return 'g';
        case SQLITE_INDEX_CONSTRAINT_LT:
            return '<';
        case SQLITE_INDEX_CONSTRAINT_LE:
            return 'l';
        default:
            return 0;
    }
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    const struct relation *relation = ((struct virtual_table *)table)->relation;
    double left = (double)relation->shape.n_row;
    int n_argument = 0;
    bool has_sample = false, has_filter = false;
    struct text plan;
    text_init(&plan);
    for (int i = 0; i < info->nConstraint; i++) {
        double share;
        char letter = usefulness(relation, info, i, &share);
        if (letter == 0 || (letter == 's' && has_sample) || (letter == 'f' && has_filter))
            continue;
        has_sample = has_sample || letter == 's';
        has_filter = has_filter || letter == 'f';
        left *= share;
        text_add(&plan, "%c%d ", letter, info->aConstraint[i].iColumn);
        info->aConstraintUsage[i].argvIndex = ++n_argument; /* SQLite compares again, so a plan may be generous */
    }
    info->idxStr = sqlite3_mprintf("%s", plan.bytes);
    info->needToFreeIdxStr = 1;
    info->estimatedRows = left < 1 ? 1 : (sqlite3_int64)left;
    info->estimatedCost = has_filter ? 11 * left + 20 : left + 20; /* a row passed over costs a tenth of one shown */
    text_clear(&plan);
    return info->idxStr != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

struct virtual_cursor {
    sqlite3_vtab_cursor base; /* first */
    struct walk walk;
};

static int tell(sqlite3_vtab *table, enum status status)
{
    if (status == STATUS_OK)
        return SQLITE_OK;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", failure_sentence());
    return SQLITE_ERROR;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
    const struct relation *relation = ((struct virtual_table *)table)->relation;
    struct virtual_cursor *made = memory_allocate(1, sizeof *made);
    store_use_shape(relation->store, relation->shape.stored);
    store_use_shape(relation->store, relation->shape.owner);
    walk_init(relation, &made->walk);
    *cursor = &made->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
    memory_free(cursor);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int n, sqlite3_value **values)
{
    (void)number;
    struct walk *walk = &((struct virtual_cursor *)base)->walk;
    walk_reset(walk);
    enum status status = STATUS_OK;
    for (int i = 0; i < n && status == STATUS_OK; i++) {
        char letter = *plan;
        int column = (int)strtol(plan + 1, (char **)&plan, 10);
        plan++;
        status = walk_restrict(walk, column, letter, values[i]);
    }
    if (status == STATUS_OK)
        status = walk_begin(walk);
    return tell(base->pVtab, status);
}

static int next(sqlite3_vtab_cursor *base)
{
    struct walk *walk = &((struct virtual_cursor *)base)->walk;
    return walk_step(walk) ? SQLITE_OK : tell(base->pVtab, walk_advance(walk));
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
    return ((struct virtual_cursor *)base)->walk.is_done;
}

static int row_number(sqlite3_vtab_cursor *base, sqlite3_int64 *row)
{
    *row = ((struct virtual_cursor *)base)->walk.place.row;
    return SQLITE_OK;
}

static int give_digest(sqlite3_context *out, const char *bytes)
{
    static const char none[DIGEST_BYTES] = {0};
    char hex[2 * DIGEST_BYTES + 1];
    if (memcmp(bytes, none, DIGEST_BYTES) == 0)
        return SQLITE_OK; /* NULL */
    hex_encode((const uint8_t *)bytes, DIGEST_BYTES, hex);
    sqlite3_result_text(out, hex, 2 * DIGEST_BYTES, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

/* The value in a cell; false when it cannot be read. */
static bool give(sqlite3_context *out, struct stored *stored, int64_t cell)
{
    const char *bytes = stored_at(stored, cell);
    int64_t integer;
    if (bytes == NULL)
        return false;
    if (stored->dataset->type == TABLE_F64) {
        double real;
        memcpy(&real, bytes, sizeof real);
        sqlite3_result_double(out, real); /* NaN becomes NULL */
    } else if (stored->dataset->type == TABLE_STRING) {
        int64_t n;
        const char *text = stored_text(stored, cell, &n);
        sqlite3_result_text64(out, text, (sqlite3_uint64)n, SQLITE_TRANSIENT, SQLITE_UTF8);
    } else if (stored->is_digest) {
        give_digest(out, bytes);
    } else {
        stored_integer(stored, cell, &integer);
        sqlite3_result_int64(out, integer);
    }
    return true;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *out, int i)
{
    struct walk *walk = &((struct virtual_cursor *)base)->walk;
    const struct relation *relation = walk->relation;
    struct stored *stored;
    int64_t cell;
    enum status status = chain_value(&relation->fields[i].chain, &relation->shape, &walk->place, &stored, &cell);
    if (status == STATUS_OK && stored == NULL)
        sqlite3_result_int64(out, cell);
    else if (status == STATUS_OK && cell >= 0 && !give(out, stored, cell))
        status = store_fail_again(relation->store);
    return tell(base->pVtab, status);
}

/* ---- the database ------------------------------------------------------------------------------------------------ */

static const sqlite3_module module = {
    .iVersion = 1,
    .xCreate = connect,
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xDestroy = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = is_at_end,
    .xColumn = column,
    .xRowid = row_number,
};

static enum status execute(sqlite3 *database, const struct text *sql)
{
    if (sqlite3_exec(database, sql->bytes, NULL, NULL, NULL) == SQLITE_OK)
        return STATUS_OK;
    return fail(BAD_INPUT, "a table of the run cannot be opened by SQLite: %s", sqlite3_errmsg(database));
}

static bool is_first_of_view(const struct relations *relations, int i)
{
    const char *view = relations->items[i]->row->view;
    for (int k = 0; view != NULL && k < i; k++)
        if (relations->items[k]->row->view != NULL && strcmp(relations->items[k]->row->view, view) == 0)
            return false;
    return view != NULL;
}

static void add_part(struct text *sql, const struct relation *relation, bool is_first)
{
    char *part = sqlite3_mprintf("%Q", relation->row->part != NULL ? relation->row->part : relation->member);
    ASSERT(part != NULL);
    text_add(sql, "%s SELECT %s AS %s, * FROM ", is_first ? "" : " UNION ALL", part, relation->row->column);
    module_add_name(sql, relation->name);
    sqlite3_free(part);
}

static enum status create_view(sqlite3 *database, const struct relations *relations, int first)
{
    const char *view = relations->items[first]->row->view;
    struct text sql;
    text_init(&sql);
    text_add(&sql, "CREATE VIEW %s AS", view);
    for (int i = first; i < relations->n; i++)
        if (relations->items[i]->row->view != NULL && strcmp(relations->items[i]->row->view, view) == 0)
            add_part(&sql, relations->items[i], i == first);
    enum status status = execute(database, &sql);
    text_clear(&sql);
    return status;
}

enum status module_install(sqlite3 *database, const struct relations *relations)
{
    enum status status = STATUS_OK;
    if (sqlite3_create_module(database, "assay", &module, (void *)relations) != SQLITE_OK)
        return fail(BAD_INPUT, "SQLite refuses virtual tables: %s", sqlite3_errmsg(database));
    for (int i = 0; i < relations->n && status == STATUS_OK; i++) {
        struct text sql;
        text_init(&sql);
        text_add(&sql, "CREATE VIRTUAL TABLE ");
        module_add_name(&sql, relations->items[i]->name);
        text_add(&sql, " USING assay");
        status = execute(database, &sql);
        text_clear(&sql);
        if (status == STATUS_OK && is_first_of_view(relations, i))
            status = create_view(database, relations, i); /* its parts are named before they are looked for */
    }
    return status;
}
