/* JSON: one object, {…, "answers": [{"title": …, "columns": […], "rows": [[…]]}], …}.   @source RFC 8259 */
#include <math.h>
#include <string.h>

#include "config/json.h"
#include "query/format_parts.h"
#include "query/plain.h"

static void head(struct format *format, const char *members)
{
    text_add(&format->text, "{%s%s\"answers\": [", members, members[0] ? ", " : "");
}

/* What comes between the items of the list. */
static void separate(struct format *format, bool is_first)
{
    text_add(&format->text, "%s\n ", is_first ? "" : ",");
}

static void begin(struct format *format, const char *const *columns, int n_column)
{
    struct text *text = &format->text;
    separate(format, format->n_answer == 1 && !format->has_notes);
    text_add(text, "{");
    if (format->title != NULL) {
        text_add(text, "\"title\": ");
        plain_add_json(text, format->title, (int64_t)strlen(format->title));
        text_add(text, ", ");
    }
    text_add(text, "\"columns\": [");
    for (int i = 0; i < n_column; i++) {
        text_add(text, i > 0 ? ", " : "");
        plain_add_json(text, columns[i], (int64_t)strlen(columns[i]));
    }
    text_add(text, "], \"rows\": [");
}

/* "1 2" as [1, 2]. */
static void add_list(struct text *text, const char *numbers, int64_t n)
{
    text_add(text, "[");
    for (int64_t i = 0; i < n; i++)
        if (numbers[i] == ' ')
            text_add(text, ", ");
        else
            text_add_bytes(text, &numbers[i], 1);
    text_add(text, "]");
}

static void row(struct format *format, const struct query_value *values, int n_column)
{
    struct text *text = &format->text;
    text_add(text, "%s\n  [", format->n_row_here > 0 ? "," : "");
    for (int i = 0; i < n_column; i++) {
        const struct query_value *value = &values[i];
        text_add(text, i > 0 ? ", " : "");
        if (value->kind == QUERY_INTEGER)
            text_add(text, "%lld", (long long)value->integer);
        else if (value->kind == QUERY_REAL && isfinite(value->real))
            json_add_number(text, value->real);
        else if (value->kind == QUERY_REAL)
            text_add(text, "%s", value->real > 0 ? "1e999" : "-1e999"); /* as readers take it for infinity */
        else if (value->kind == QUERY_TEXT && i == format->list_column)
            add_list(text, value->text, value->n);
        else if (value->kind == QUERY_TEXT)
            plain_add_json(text, value->text, value->n);
        else
            text_add(text, "null");
    }
    text_add(text, "]");
}

static void end(struct format *format)
{
    text_add(&format->text, "]}");
}

static void note(struct format *format, const char *sentence)
{
    separate(format, format->n_answer == 0 && !format->has_notes);
    format->has_notes = true;
    text_add(&format->text, "{\"note\": ");
    plain_add_json(&format->text, sentence, (int64_t)strlen(sentence));
    text_add(&format->text, "}");
}

static void tail(struct format *format, const char *members)
{
    text_add(&format->text, "]%s%s}\n", members[0] ? ", " : "", members);
}

const struct format_kind json_format = {
    .name = "json", .head = head, .begin = begin, .row = row, .end = end, .note = note, .tail = tail};
