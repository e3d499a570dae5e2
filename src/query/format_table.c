/* A table for people: columns as wide as what is in the first rows, together no wider than the terminal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/column.h"
#include "base/memory.h"
#include "query/format_parts.h"
#include "query/plain.h"

enum { GAP = 2, LEAST = 8 };

static const char nothing[] = "-"; /* how NULL looks */

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static char *cell_of(const struct query_value *value)
{
    struct text text;
    text_init(&text);
    if (value->kind == QUERY_INTEGER)
        text_add(&text, "%lld", (long long)value->integer);
    else if (value->kind == QUERY_REAL)
        text_add(&text, "%.6g", value->real);
    else if (value->kind == QUERY_TEXT)
        plain_add(&text, value->text, value->n);
    else
        text_add(&text, "%s", nothing);
    return text.bytes;
}

static int width_of(const char *cell)
{
    int n = 0;
    for (; *cell; cell++)
        n += ((unsigned char)*cell & 0xc0) != 0x80;
    return n;
}

static void drop_row(struct held_row *row, int n_column)
{
    for (int i = 0; i < n_column; i++)
        memory_free(row->cells[i]);
    memory_free(row->cells);
    memory_free(row->is_number);
    *row = (struct held_row){0};
}

void format_drop_rows(struct format *format)
{
    for (int r = 0; r < format->n_held; r++)
        drop_row(&format->held[r], format->n_column);
    format->n_held = 0;
    memory_free(format->widths);
    memory_free(format->is_right);
    format->widths = NULL;
    format->is_right = NULL;
}

/* ---- widths ------------------------------------------------------------------------------------------------------ */

static int total(const int *widths, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += widths[i] > 0 ? widths[i] + GAP : 0;
    return sum;
}

/* Takes from the widest text column until all fit, and then leaves columns out from the end. */
static void shrink(struct format *format)
{
    int *widths = format->widths, n = format->n_column;
    while (total(widths, n) > format->width) {
        int widest = -1;
        for (int i = 0; i < n; i++)
            if (!format->is_right[i] && widths[i] > LEAST && (widest < 0 || widths[i] > widths[widest]))
                widest = i;
        if (widest < 0)
            break;
        widths[widest]--;
    }
    for (int i = n - 1; i > 0 && total(widths, n) > format->width; i--)
        widths[i] = 0;
    if (n > 0 && total(widths, n) > format->width)
        widths[0] = format->width - GAP > 1 ? format->width - GAP : 1;
}

static void fix_widths(struct format *format)
{
    int n = format->n_column;
    format->widths = memory_allocate(n, sizeof *format->widths);
    format->is_right = memory_allocate(n, sizeof *format->is_right);
    for (int i = 0; i < n; i++) {
        bool any = false, all = true;
        for (int r = 0; r < format->n_held; r++) {
            const char *cell = format->held[r].cells[i];
            int width = width_of(cell);
            format->widths[i] = width > format->widths[i] ? width : format->widths[i];
            any = any || (r > 0 && format->held[r].is_number[i]);
            all = all && (r == 0 || format->held[r].is_number[i] || strcmp(cell, nothing) == 0);
        }
        format->is_right[i] = any && all;
        format->widths[i] = format->widths[i] > 0 ? format->widths[i] : 1;
    }
    shrink(format);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static void add_row(struct format *format, const struct held_row *row)
{
    struct text *text = &format->text;
    for (int i = 0; i < format->n_column; i++) {
        int width = format->widths[i], used = width_of(row->cells[i]);
        if (width == 0)
            continue;
        text_add(text, "%*s", GAP, "");
        if (format->is_right[i] && used <= width)
            text_add(text, "%*s%s", width - used, "", row->cells[i]);
        else
            text_add_column(text, row->cells[i], width);
    }
    text_end_line(text);
}

static void release(struct format *format)
{
    fix_widths(format);
    if (format->has_output)
        text_add(&format->text, "\n");
    if (format->title != NULL)
        text_add(&format->text, "%s\n", format->title);
    format->has_output = true;
    for (int r = 0; r < format->n_held; r++)
        add_row(format, &format->held[r]);
}

static void begin(struct format *format, const char *const *columns, int n_column)
{
    struct held_row *names = &format->held[0];
    names->cells = memory_allocate(n_column, sizeof *names->cells);
    names->is_number = memory_allocate(n_column, sizeof *names->is_number);
    for (int i = 0; i < n_column; i++)
        names->cells[i] =
            cell_of(&(struct query_value){.kind = QUERY_TEXT, .text = columns[i], .n = (int64_t)strlen(columns[i])});
    format->n_held = 1;
}

static void row(struct format *format, const struct query_value *values, int n_column)
{
    struct held_row made = {memory_allocate(n_column, sizeof *made.cells),
                            memory_allocate(n_column, sizeof *made.is_number)};
    for (int i = 0; i < n_column; i++) {
        made.cells[i] = cell_of(&values[i]);
        made.is_number[i] = values[i].kind == QUERY_INTEGER || values[i].kind == QUERY_REAL;
    }
    if (format->widths == NULL) {
        format->held[format->n_held++] = made;
        if (format->n_held == FORMAT_HELD + 1)
            release(format);
        return;
    }
    add_row(format, &made);
    drop_row(&made, n_column);
}

/* How much of a long list is shown. */
static void add_cut(struct format *format)
{
    char rows[32];
    int64_t n = format->n_row_here;
    if (format->most == 0 || n <= format->most)
        return;
    bool is_more = n > FORMAT_COUNTED;
    text_add(&format->text, "  %d of %s%s rows: --format csv or json gives all\n", format->most,
             is_more ? "more than " : "", figure_count(is_more ? FORMAT_COUNTED : n, rows));
}

static void end(struct format *format)
{
    if (format->n_row_here == 0 && format->title != NULL) { /* told of at the end, with others */
        text_add(&format->empty, "%s; ", format->title);
        format_drop_rows(format);
        return;
    }
    if (format->widths == NULL)
        release(format);
    int left_out = 0;
    for (int i = 0; i < format->n_column; i++)
        left_out += format->widths[i] == 0;
    if (format->n_row_here == 0)
        text_add(&format->text, "  (no rows)\n");
    add_cut(format);
    if (left_out > 0)
        text_add(&format->text, "  %d more column%s: --format csv or json shows all\n", left_out,
                 left_out > 1 ? "s" : "");
    format_drop_rows(format);
}

static void note(struct format *format, const char *sentence)
{
    text_add(&format->text, "%s%s\n", format->has_output ? "\n" : "", sentence);
    format->has_output = true;
}

/* What had no rows, in as many lines as it takes. */
static void tail(struct format *format, const char *members)
{
    (void)members;
    struct text *text = &format->text;
    if (format->empty.length == 0)
        return;
    text_add(text, "%sNo rows:", format->has_output ? "\n" : "");
    int used = 8;
    for (const char *at = format->empty.bytes; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        bool is_last = at[n] == ' ' && at[n + 1] == 0; /* without its semicolon */
        if (used + 1 + (int)n > format->width) {
            text_add(text, "\n  ");
            used = 2;
        }
        text_add(text, " %.*s", (int)n - is_last, at);
        used += 1 + (int)n;
        at += n;
    }
    text_add(text, "\n");
}

const struct format_kind table_format = {
    .name = "table", .shortens = true, .begin = begin, .row = row, .end = end, .note = note, .tail = tail};
