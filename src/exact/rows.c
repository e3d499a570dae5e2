#include "exact/rows.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "exact/grow.h"

static int64_t product(int64_t a, int64_t b)
{
    ASSERT(a >= 0 && b >= 0 && (b == 0 || a <= INT64_MAX / b));
    return a * b;
}

void rows_init_dense(struct rows *rows, int64_t n_row, int64_t n_column)
{
    int64_t n = product(n_row, n_column);
    *rows = (struct rows){.n_row = n_row, .n_column = n_column, .capacity = n};
    rows->dense = memory_allocate(n, sizeof *rows->dense);
}

void rows_init_sparse(struct rows *rows, int64_t n_column)
{
    ASSERT(n_column >= 0 && n_column <= INT32_MAX);
    *rows = (struct rows){.n_column = n_column, .start_end = 1};
    rows->start = memory_allocate(1, sizeof *rows->start);
    rows->column = memory_allocate(0, sizeof *rows->column);
    rows->value = memory_allocate(0, sizeof *rows->value);
}

void rows_clear(struct rows *rows)
{
    memory_free(rows->dense);
    memory_free(rows->start);
    memory_free(rows->column);
    memory_free(rows->value);
    *rows = (struct rows){0};
}

/* Room for so many more rows, and entries in them. */
static void make_room(struct rows *rows, int64_t n_row, int64_t n_entry)
{
    const int64_t used = rows->start[rows->n_row];
    int64_t capacity = rows->capacity; /* the two lists of entries grow alike */
    rows->column = grow(rows->column, used, used + n_entry, sizeof *rows->column, &capacity);
    rows->value = grow(rows->value, used, used + n_entry, sizeof *rows->value, &rows->capacity);
    rows->start = grow(rows->start, rows->n_row + 1, rows->n_row + 1 + n_row, sizeof *rows->start, &rows->start_end);
}

void rows_add(struct rows *rows, int64_t n, const int32_t *column, const double *value)
{
    ASSERT(!rows_are_dense(rows) && n >= 0);
    make_room(rows, 1, n);
    int64_t end = rows->start[rows->n_row];
    for (int64_t e = 0; e < n; e++) {
        ASSERT(column[e] >= 0 && column[e] < rows->n_column && (e == 0 || column[e] > column[e - 1]));
        if (value[e] == 0)
            continue;
        rows->column[end] = column[e];
        rows->value[end++] = value[e];
    }
    rows->start[++rows->n_row] = end;
}

static void append_dense(struct rows *rows, const struct rows *from)
{
    const int64_t used = product(rows->n_row, rows->n_column), more = product(from->n_row, from->n_column);
    rows->dense = grow(rows->dense, used, used + more, sizeof *rows->dense, &rows->capacity);
    memcpy(rows->dense + used, from->dense, (size_t)more * sizeof *rows->dense);
    rows->n_row += from->n_row;
}

void rows_append(struct rows *rows, const struct rows *from)
{
    ASSERT(rows != from && rows->n_column == from->n_column && rows_are_dense(rows) == rows_are_dense(from));
    if (rows_are_dense(rows)) {
        append_dense(rows, from);
        return;
    }
    const int64_t used = rows->start[rows->n_row], more = from->start[from->n_row];
    make_room(rows, from->n_row, more);
    memcpy(rows->column + used, from->column, (size_t)more * sizeof *rows->column);
    memcpy(rows->value + used, from->value, (size_t)more * sizeof *rows->value);
    for (int64_t i = 0; i < from->n_row; i++)
        rows->start[++rows->n_row] = used + from->start[i + 1];
}

void rows_get(const struct rows *rows, int64_t i, double *out)
{
    ASSERT(i >= 0 && i < rows->n_row);
    if (rows_are_dense(rows)) {
        memcpy(out, rows->dense + i * rows->n_column, (size_t)rows->n_column * sizeof *out);
        return;
    }
    memset(out, 0, (size_t)rows->n_column * sizeof *out);
    for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
        out[rows->column[e]] = rows->value[e];
}

/* A sum that starts from +0 never becomes −0, so terms of zero leave no trace: the two kinds agree to the bit. */
double rows_dot(const struct rows *rows, int64_t i, const double *v)
{
    ASSERT(i >= 0 && i < rows->n_row);
    double sum = 0;
    if (rows_are_dense(rows)) {
        const double *row = rows->dense + i * rows->n_column;
        for (int64_t j = 0; j < rows->n_column; j++)
            sum += row[j] * v[j];
        return sum;
    }
    for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
        sum += rows->value[e] * v[rows->column[e]];
    return sum;
}
