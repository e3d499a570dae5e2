#include "capture/batch.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/status.h"

void batch_init(struct batch *batch)
{
    *batch = (struct batch){.column = 0};
    text_init(&batch->bytes);
}

void batch_clear(struct batch *batch)
{
    text_clear(&batch->bytes);
}

bool batch_is_empty(const struct batch *batch)
{
    return batch->bytes.length == 0;
}

void batch_append(struct batch *batch, const struct batch *more)
{
    ASSERT(batch->column == 0 && more->column == 0);
    text_add_bytes(&batch->bytes, more->bytes.bytes, more->bytes.length);
}

void batch_row(struct batch *batch, enum table_id table)
{
    ASSERT(batch->column == 0);
    unsigned char tag = (unsigned char)table;
    text_add_bytes(&batch->bytes, &tag, 1);
    batch->table = table;
}

/* The column that is given now; the last one ends the row. */
static const struct column *take_column(struct batch *batch)
{
    const struct column *column = &table_schemas[batch->table].columns[batch->column];
    ASSERT(column->name != NULL);
    batch->column = column[1].name != NULL ? batch->column + 1 : 0;
    return column;
}

static void add_kind(struct batch *batch, enum value_kind kind)
{
    unsigned char tag = (unsigned char)kind;
    text_add_bytes(&batch->bytes, &tag, 1);
}

static void add_none(struct batch *batch, const struct column *column)
{
    ASSERT(column->optional);
    add_kind(batch, VALUE_NONE);
}

static void add_bytes(struct batch *batch, enum value_kind kind, const void *bytes, int64_t n)
{
    add_kind(batch, kind);
    text_add_bytes(&batch->bytes, &n, sizeof n);
    text_add_bytes(&batch->bytes, bytes, (size_t)n);
}

void batch_integer(struct batch *batch, int64_t value)
{
    const struct column *column = take_column(batch);
    ASSERT(column->kind == COLUMN_INTEGER || column->kind == COLUMN_KEY);
    add_kind(batch, VALUE_INTEGER);
    text_add_bytes(&batch->bytes, &value, sizeof value);
}

void batch_maybe_integer(struct batch *batch, int64_t value)
{
    if (value >= 0)
        batch_integer(batch, value);
    else
        add_none(batch, take_column(batch));
}

void batch_real(struct batch *batch, double value)
{
    const struct column *column = take_column(batch);
    ASSERT(column->kind == COLUMN_REAL);
    if (isnan(value)) {
        add_none(batch, column);
        return;
    }
    add_kind(batch, VALUE_REAL);
    text_add_bytes(&batch->bytes, &value, sizeof value);
}

void batch_text(struct batch *batch, const char *value)
{
    const struct column *column = take_column(batch);
    ASSERT(column->kind == COLUMN_TEXT);
    if (value == NULL)
        add_none(batch, column);
    else
        add_bytes(batch, VALUE_TEXT, value, (int64_t)strlen(value));
}

void batch_digest(struct batch *batch, const uint8_t *value)
{
    const struct column *column = take_column(batch);
    ASSERT(column->kind == COLUMN_DIGEST);
    if (value == NULL)
        add_none(batch, column);
    else
        add_bytes(batch, VALUE_BLOB, value, DIGEST_BYTES);
}

void batch_array(struct batch *batch, int64_t n, const void *values)
{
    const struct column *column = take_column(batch);
    ASSERT(column->kind > COLUMN_DIGEST);
    if (values == NULL)
        add_none(batch, column);
    else
        add_bytes(batch, VALUE_BLOB, values, n * (int64_t)schema_element(column->kind));
}

bool batch_next_row(const struct batch *batch, size_t *at, enum table_id *table)
{
    if (*at == batch->bytes.length)
        return false;
    *table = (enum table_id)(unsigned char)batch->bytes.bytes[(*at)++];
    return true;
}

struct value batch_next_value(const struct batch *batch, size_t *at)
{
    const char *bytes = batch->bytes.bytes;
    struct value value = {.kind = (enum value_kind)(unsigned char)bytes[*at]};
    *at += 1;
    switch (value.kind) {
        case VALUE_INTEGER:
            memcpy(&value.integer, bytes + *at, sizeof value.integer);
            *at += sizeof value.integer;
            break;
        case VALUE_REAL:
            memcpy(&value.real, bytes + *at, sizeof value.real);
            *at += sizeof value.real;
            break;
        case VALUE_TEXT:
        case VALUE_BLOB:
            memcpy(&value.n, bytes + *at, sizeof value.n);
            *at += sizeof value.n;
            value.bytes = bytes + *at;
            *at += (size_t)value.n;
            break;
        case VALUE_NONE:
            break;
    }
    return value;
}
