/* CSV.  @source RFC 4180: lines end in CR LF, quotes around what has commas, quotes or line ends */
#include <math.h>
#include <string.h>

#include "config/json.h"
#include "query/format_parts.h"

static void add_text(struct text *text, const char *bytes, int64_t n)
{
    bool is_plain = n > 0;
    for (int64_t i = 0; i < n; i++)
        is_plain = is_plain && bytes[i] != '"' && bytes[i] != ',' && bytes[i] != '\n' && bytes[i] != '\r';
    if (is_plain) {
        text_add_bytes(text, bytes, (size_t)n);
        return;
    }
    text_add_bytes(text, "\"", 1); /* the empty text too: what is nothing is NULL */
    for (int64_t i = 0; i < n; i++) {
        if (bytes[i] == '"')
            text_add_bytes(text, "\"", 1);
        text_add_bytes(text, &bytes[i], 1);
    }
    text_add_bytes(text, "\"", 1);
}

static void begin(struct format *format, const char *const *columns, int n_column)
{
    if (format->n_answer > 1)
        text_add(&format->text, "\r\n");
    for (int i = 0; i < n_column; i++) {
        text_add(&format->text, i > 0 ? "," : "");
        add_text(&format->text, columns[i], (int64_t)strlen(columns[i]));
    }
    text_add(&format->text, "\r\n");
}

static void row(struct format *format, const struct query_value *values, int n_column)
{
    struct text *text = &format->text;
    for (int i = 0; i < n_column; i++) {
        const struct query_value *value = &values[i];
        text_add(text, i > 0 ? "," : "");
        if (value->kind == QUERY_INTEGER)
            text_add(text, "%lld", (long long)value->integer);
        else if (value->kind == QUERY_REAL && isfinite(value->real))
            json_add_number(text, value->real);
        else if (value->kind == QUERY_REAL)
            text_add(text, "%s", value->real > 0 ? "inf" : "-inf");
        else if (value->kind == QUERY_TEXT)
            add_text(text, value->text, value->n);
    }
    text_add(text, "\r\n");
}

static void end(struct format *format)
{
    (void)format;
}

const struct format_kind csv_format = {.name = "csv", .begin = begin, .row = row, .end = end};
