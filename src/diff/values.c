#include "diff/values.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { READ_BYTES = 4 << 20, ROW_LIMIT = 1 << 30 };

bool values_comparable(const struct dataset *a, const struct dataset *b)
{
    bool same = a->type == b->type && a->n_dim == b->n_dim;
    for (int d = 0; d < a->n_dim && same; d++)
        same = a->dims[d] == b->dims[d];
    return same;
}

/* Zero-padded texts of two widths. */
static bool is_same_text(const char *a, int64_t width_a, const char *b, int64_t width_b)
{
    size_t n_a = strnlen(a, (size_t)width_a), n_b = strnlen(b, (size_t)width_b);
    return n_a == n_b && memcmp(a, b, n_a) == 0;
}

static double number_at(enum table_type type, const char *value)
{
    int64_t wide;
    int32_t narrow;
    double real;
    switch (type) {
        case TABLE_I8:
            return (double)*(const int8_t *)value;
        case TABLE_U8:
            return (double)*(const uint8_t *)value;
        case TABLE_I32:
            memcpy(&narrow, value, sizeof narrow);
            return (double)narrow;
        case TABLE_I64:
            memcpy(&wide, value, sizeof wide);
            return (double)wide;
        default:
            memcpy(&real, value, sizeof real);
            return real;
    }
}

/* Takes in two values of which the bits differ. */
static void measure(enum table_type type, const char *a, const char *b, struct value_difference *difference)
{
    difference->n_value_different++;
    if (type == TABLE_STRING)
        return;
    double left = number_at(type, a), right = number_at(type, b);
    if (!isfinite(left) || !isfinite(right)) {
        difference->n_not_finite++;
        return;
    }
    double by = fabs(left - right), size = fmax(fabs(left), fabs(right));
    difference->largest = fmax(difference->largest, by);
    if (size > 0)
        difference->largest_relative = fmax(difference->largest_relative, by / size);
}

void values_compare(const struct dataset *const shapes[2], const void *const rows[2], int64_t first, int64_t n,
                    struct value_difference *difference)
{
    enum table_type type = shapes[0]->type;
    const int64_t bytes[2] = {dataset_element_bytes(shapes[0]), dataset_element_bytes(shapes[1])};
    const int64_t per_row = bytes[0] > 0 ? dataset_row_bytes(shapes[0]) / bytes[0] : 0;
    const char *a = rows[0], *b = rows[1];
    for (int64_t i = 0; i < n; i++) {
        int64_t before = difference->n_value_different;
        for (int64_t j = 0; j < per_row; j++, a += bytes[0], b += bytes[1]) {
            bool same =
                type == TABLE_STRING ? is_same_text(a, bytes[0], b, bytes[1]) : memcmp(a, b, (size_t)bytes[0]) == 0;
            if (!same)
                measure(type, a, b, difference);
        }
        if (difference->n_value_different > before && difference->n_row_different++ == 0)
            difference->first_row = first + i;
    }
    difference->n_row += n;
    difference->n_value += n * per_row;
}

enum status dataset_compare(struct table_reader *const readers[2], const struct dataset *const shapes[2],
                            struct value_difference *difference)
{
    int64_t n_row = dataset_rows(shapes[0]), widest = 1;
    *difference = (struct value_difference){0};
    for (int i = 0; i < 2; i++)
        widest = dataset_row_bytes(shapes[i]) > widest ? dataset_row_bytes(shapes[i]) : widest;
    if (widest > ROW_LIMIT)
        return fail(BAD_INPUT, "%s: expected rows of at most %d bytes, found %lld: too wide to compare",
                    shapes[0]->path, ROW_LIMIT, (long long)widest);
    int64_t step = READ_BYTES / widest > 0 ? READ_BYTES / widest : 1;
    char *rows[2];
    for (int i = 0; i < 2; i++)
        rows[i] = memory_allocate_raw(step, (size_t)dataset_row_bytes(shapes[i]));
    enum status status = STATUS_OK;
    for (int64_t first = 0; first < n_row && status == STATUS_OK; first += step) {
        int64_t n = n_row - first < step ? n_row - first : step;
        for (int i = 0; i < 2 && status == STATUS_OK; i++)
            status = table_read(readers[i], shapes[i]->path, first, n, rows[i]);
        if (status == STATUS_OK)
            values_compare(shapes, (const void *const[]){rows[0], rows[1]}, first, n, difference);
    }
    memory_free(rows[1]);
    memory_free(rows[0]);
    return status;
}
