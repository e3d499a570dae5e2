#include "query/format.h"

#include <string.h>

#include "base/memory.h"
#include "query/format_parts.h"

static const struct format_kind *const kinds[] = {&table_format, &csv_format, &json_format};

struct format *format_create(const char *name, int width, const struct format_out *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0) {
            struct format *format = memory_allocate(1, sizeof *format);
            *format = (struct format){.kind = kinds[i], .width = width, .out = *out};
            text_init(&format->text);
            text_init(&format->empty);
            return format;
        }
    return NULL;
}

void format_destroy(struct format *format)
{
    if (format == NULL)
        return;
    format_drop_rows(format);
    text_clear(&format->text);
    text_clear(&format->empty);
    memory_free(format);
}

enum status format_flush(struct format *format, bool anyhow)
{
    enum { PIECE = 64 << 10 };
    if (format->text.length == 0 || (!anyhow && format->text.length < PIECE))
        return STATUS_OK;
    enum status status = format->out.put(format->out.context, format->text.bytes, format->text.length);
    format->text.length = 0;
    return status;
}

enum status format_begin(struct format *format, const char *head)
{
    if (format->kind->head != NULL)
        format->kind->head(format, head);
    return STATUS_OK;
}

static enum status begin(void *context, const char *const *columns, int n_column)
{
    struct format *format = context;
    format->n_column = n_column;
    format->n_answer++;
    format->n_row_here = 0;
    format->list_column = -1;
    for (int i = 0; i < n_column && format->list != NULL; i++)
        if (strcmp(columns[i], format->list) == 0)
            format->list_column = i;
    format->kind->begin(format, columns, n_column);
    return format_flush(format, false);
}

static enum status row(void *context, const struct query_value *values, int n_column)
{
    struct format *format = context;
    if (format->most == 0 || format->n_row_here < format->most)
        format->kind->row(format, values, n_column);
    format->n_row_here++;
    return format_flush(format, false);
}

static enum status end(void *context)
{
    struct format *format = context;
    format->kind->end(format);
    return format_flush(format, false);
}

enum status format_answer(struct format *format, const char *title, struct query_sink *sink)
{
    return format_list(format, title, 0, NULL, sink);
}

enum status format_list(struct format *format, const char *title, int most, const char *list, struct query_sink *sink)
{
    format->title = title;
    format->list = list;
    format->most = format->kind->shortens ? most : 0;
    *sink = (struct query_sink){format, begin, row, end};
    return STATUS_OK;
}

enum status format_note(struct format *format, const char *sentence)
{
    if (format->kind->note != NULL)
        format->kind->note(format, sentence);
    return format_flush(format, false);
}

enum status format_end(struct format *format, const char *tail)
{
    if (format->kind->tail != NULL)
        format->kind->tail(format, tail);
    return format_flush(format, true);
}
