/* --tables, for people. */
#include <string.h>

#include "base/column.h"
#include "query/plain.h"
#include "query/session.h"

enum { WIDTH = 100, NAME_WIDTH = 24, TYPE_WIDTH = 7, UNIT_WIDTH = 18 };
enum { TEXT_AT = 2 + NAME_WIDTH + 1 + TYPE_WIDTH + 1 + UNIT_WIDTH + 1 };

static void add_plain(struct text *line, const char *value)
{
    plain_add(line, value, (int64_t)strlen(value));
}

static void add_cell(struct text *line, const char *value, int width)
{
    struct text plain;
    text_init(&plain);
    add_plain(&plain, value);
    text_add_column(line, plain.bytes, width);
    text_clear(&plain);
}

/* Words behind `used` columns of a line, which goes on below after `indent` of them. */
static void add_wrapped(struct text *out, const char *words, size_t used, int indent)
{
    struct text plain;
    text_init(&plain);
    add_plain(&plain, words);
    for (const char *at = plain.bytes; *at;) {
        size_t n = strcspn(at, " ");
        if (used > (size_t)indent && used + 1 + n > WIDTH) {
            text_end_line(out);
            text_add(out, "%*s", indent, "");
            used = (size_t)indent;
        } else if (at > plain.bytes) {
            text_add(out, " ");
            used++;
        }
        text_add_bytes(out, at, n);
        used += n;
        at += n + strspn(at + n, " ");
    }
    text_end_line(out);
    text_clear(&plain);
}

static void add_field(const struct field *field, struct text *out)
{
    text_add(out, "  ");
    add_cell(out, field->name, NAME_WIDTH);
    text_add(out, " ");
    add_cell(out, field->type, TYPE_WIDTH);
    text_add(out, " ");
    add_cell(out, strcmp(field->unit, "1") == 0 ? "" : field->unit, UNIT_WIDTH);
    text_add(out, " ");
    add_wrapped(out, field->text, TEXT_AT, TEXT_AT);
}

/* Tables of one pattern have the same columns: they are told once. */
static bool is_told(const struct relations *relations, int i)
{
    for (int k = 0; k < i; k++)
        if (relations->items[k]->row == relations->items[i]->row)
            return true;
    return false;
}

static void add_title(const struct relations *relations, int i, struct text *out)
{
    const struct relation *relation = relations->items[i];
    int n_other = -1;
    char rows[32];
    struct text title;
    text_init(&title);
    for (int k = i; k < relations->n; k++)
        n_other += relations->items[k]->row == relation->row;
    text_add(&title, "%s", relation->name);
    if (n_other > 0)
        text_add(&title, " and %d others like it", n_other);
    text_add(&title, ": %s", relation->row->text);
    if (n_other == 0)
        text_add(&title, "; %s%s rows", relation->is_signed ? "at most " : "",
                 figure_count(relation->shape.n_row, rows));
    if (relation->row->view != NULL)
        text_add(&title, "; all together in %s, by %s", relation->row->view, relation->row->column);
    add_wrapped(out, title.bytes, 0, 0);
    text_clear(&title);
}

void query_tables(const struct query *query, struct text *text)
{
    const struct relations *relations = &query->relations;
    int file = -1;
    for (int i = 0; i < relations->n; i++) {
        const struct relation *relation = relations->items[i];
        if (is_told(relations, i))
            continue;
        if (relation->file != file)
            text_add(text, "%s== %s\n", file >= 0 ? "\n" : "", store_files[relation->file]);
        file = relation->file;
        text_add(text, "\n");
        add_title(relations, i, text);
        for (int f = 0; f < relation->n_field; f++)
            add_field(&relation->fields[f], text);
    }
    for (int f = 0; f < STORE_FILES; f++)
        if (store_is_unfinished(query->store, f))
            text_add(text, "\n%s is not finished: run its job again, it goes on\n", store_files[f]);
}
