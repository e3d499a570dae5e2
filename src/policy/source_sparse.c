/* Compressed sparse rows in files: starts, columns and values, none of which is trusted. */
#include <stdbool.h>

#include "base/memory.h"
#include "policy/source_parts.h"

/* Entries read at a time: blocks of many rows need no more memory, and segments end there. */
enum { PIECE = 1 << 18 };

static bool is_integer(const struct tensor *tensor)
{
    return tensor_type(tensor) > TENSOR_F64;
}

static enum status check_vector(const struct tensor *tensor, bool integers)
{
    if (tensor_columns(tensor) != 1)
        return fail(BAD_INPUT, "%s: expected a vector, found %lld columns", tensor_name(tensor),
                    (long long)tensor_columns(tensor));
    if (integers && !is_integer(tensor))
        return fail(BAD_INPUT, "%s: expected integers (i64 or i32), found %s", tensor_name(tensor),
                    tensor_type_name(tensor_type(tensor)));
    return STATUS_OK;
}

static enum status read_doubles(struct tensor *tensor, int64_t first, int64_t n, double *values,
                                struct segment_list *segments)
{
    char *raw = memory_allocate_raw(n, tensor_type_size(tensor_type(tensor)));
    enum status status = tensor_read(tensor, first, n, raw, segments);
    if (status == STATUS_OK)
        status = tensor_to_double(tensor, first, n, raw, values);
    memory_free(raw);
    return status;
}

/* Integers come by way of doubles, which hold all that a file of entries can mean. */
static enum status read_integers(struct tensor *tensor, int64_t first, int64_t n, int64_t *values,
                                 struct segment_list *segments)
{
    double *doubles = memory_allocate_raw(n, sizeof *doubles);
    enum status status = read_doubles(tensor, first, n, doubles, segments);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++)
        values[i] = (int64_t)doubles[i];
    memory_free(doubles);
    return status;
}

static int64_t entry_count(const struct source *source)
{
    return tensor_rows(source->tensor[TENSOR_VALUES]);
}

static enum status check_ends(struct source *source)
{
    struct tensor *starts = source->tensor[TENSOR_STARTS];
    int64_t first, last;
    enum status status = read_integers(starts, 0, 1, &first, NULL);
    if (status == STATUS_OK)
        status = read_integers(starts, tensor_rows(starts) - 1, 1, &last, NULL);
    if (status == STATUS_OK && (first != 0 || last != entry_count(source)))
        status = fail(BAD_INPUT, "%s: expected starts from 0 to %lld, the number of entries in %s, found %lld to %lld",
                      tensor_name(starts), (long long)entry_count(source), tensor_name(source->tensor[TENSOR_VALUES]),
                      (long long)first, (long long)last);
    return status;
}

enum status source_sparse_check(struct source *source, int64_t width)
{
    const struct tensor *values = source->tensor[TENSOR_VALUES], *indices = source->tensor[TENSOR_INDICES];
    const struct tensor *starts = source->tensor[TENSOR_STARTS];
    enum status status = check_vector(values, false);
    if (status == STATUS_OK)
        status = check_vector(indices, true);
    if (status == STATUS_OK)
        status = check_vector(starts, true);
    if (status != STATUS_OK)
        return status;
    if (tensor_rows(indices) != tensor_rows(values))
        return fail(BAD_INPUT, "%s: expected one column for each of the %lld entries in %s, found %lld",
                    tensor_name(indices), (long long)tensor_rows(values), tensor_name(values),
                    (long long)tensor_rows(indices));
    int64_t n_row = tensor_rows(starts) - 1;
    if (n_row < 0 || n_row % source->n_probe != 0)
        return fail(BAD_INPUT,
                    "%s: expected one start per row and one more, rows being a multiple of %lld probes, found %lld "
                    "starts",
                    tensor_name(starts), (long long)source->n_probe, (long long)tensor_rows(starts));
    source->n_column = width;
    source->n_item = n_row / source->n_probe;
    return check_ends(source);
}

/* Rows of starts that belong to items [first, first + n): one each, and with the last item the one start more. */
static int64_t own_starts(const struct source *source, int64_t first, int64_t n)
{
    bool is_last = first + n == source->n_item && (n > 0 || source->n_item == 0);
    return n * source->n_probe + (is_last ? 1 : 0);
}

/* start[0 … n · n_probe]: what the next block reads and hashes as its own is only looked at here. */
static enum status read_starts(struct source *source, int64_t first, int64_t n, int64_t *start,
                               struct segment_list *segments)
{
    struct tensor *starts = source->tensor[TENSOR_STARTS];
    int64_t row = first * source->n_probe, n_row = n * source->n_probe, own = own_starts(source, first, n);
    enum status status = own > 0 ? read_integers(starts, row, own, start, segments) : STATUS_OK;
    if (status == STATUS_OK && own <= n_row)
        status = read_integers(starts, row + n_row, 1, start + n_row, NULL);
    for (int64_t i = 0; i <= n_row && status == STATUS_OK; i++) {
        int64_t least = i > 0 ? start[i - 1] : 0, most = entry_count(source);
        if (i > 0 && most - least > source->n_column)
            most = least + source->n_column;
        if (start[i] < least || start[i] > most)
            status = fail(BAD_INPUT,
                          "%s: expected starts in ascending order, no row longer than %lld columns, and none beyond "
                          "the %lld entries, found %lld after %lld in row %lld, counted from 0",
                          tensor_name(starts), (long long)source->n_column, (long long)entry_count(source),
                          (long long)start[i], (long long)least, (long long)(row + i));
    }
    return status;
}

/* Entries [first, first + n) as they were read last. */
struct piece {
    int64_t first, n;
    int64_t *column; /* owned, as the next */
    double *value;
};

static enum status read_piece(struct source *source, int64_t first, int64_t end, struct piece *piece,
                              struct segment_list *segments)
{
    piece->first = first;
    piece->n = PIECE < end - first ? PIECE : end - first;
    enum status status = read_integers(source->tensor[TENSOR_INDICES], first, piece->n, piece->column, segments);
    if (status == STATUS_OK)
        status = read_doubles(source->tensor[TENSOR_VALUES], first, piece->n, piece->value, segments);
    return status;
}

/* A row being put together from pieces. */
struct row_entries {
    int64_t row, n;
    int32_t *column; /* owned, as the next: room for the longest row */
    double *value;
};

static enum status add_entry(const struct source *source, const struct piece *piece, int64_t at,
                             struct row_entries *entries)
{
    int64_t column = piece->column[at], after = entries->n > 0 ? entries->column[entries->n - 1] : -1;
    if (column <= after || column >= source->n_column)
        return fail(BAD_INPUT,
                    "%s: expected columns in ascending order within a row, below %lld, found %lld after %lld in entry "
                    "%lld, which belongs to row %lld, all counted from 0",
                    tensor_name(source->tensor[TENSOR_INDICES]), (long long)source->n_column, (long long)column,
                    (long long)after, (long long)(piece->first + at), (long long)entries->row);
    entries->column[entries->n] = (int32_t)column;
    entries->value[entries->n] = piece->value[at];
    entries->n++;
    return STATUS_OK;
}

static enum status read_entries(struct source *source, const int64_t *start, struct row_entries *entries,
                                struct piece *piece, struct rows *rows, int64_t n_row, struct segment_list *segments)
{
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < n_row && status == STATUS_OK; i++) {
        entries->n = 0;
        for (int64_t e = start[i]; e < start[i + 1] && status == STATUS_OK; e++) {
            if (e == piece->first + piece->n)
                status = read_piece(source, e, start[n_row], piece, segments);
            if (status == STATUS_OK)
                status = add_entry(source, piece, e - piece->first, entries);
        }
        if (status == STATUS_OK)
            rows_add(rows, entries->n, entries->column, entries->value);
        entries->row++;
    }
    return status;
}

static enum status read_block(struct source *source, int64_t first, int64_t n, const int64_t *start, struct rows *rows,
                              struct segment_list *segments)
{
    int64_t n_row = n * source->n_probe, longest = 0, n_entry = start[n_row] - start[0];
    for (int64_t i = 0; i < n_row; i++)
        longest = longest > start[i + 1] - start[i] ? longest : start[i + 1] - start[i];
    int64_t room = n_entry < PIECE ? n_entry : PIECE;
    struct piece piece = {.first = start[0],
                          .column = memory_allocate(room, sizeof *piece.column),
                          .value = memory_allocate(room, sizeof *piece.value)};
    struct row_entries entries = {.row = first * source->n_probe,
                                  .column = memory_allocate(longest, sizeof *entries.column),
                                  .value = memory_allocate(longest, sizeof *entries.value)};
    enum status status = read_entries(source, start, &entries, &piece, rows, n_row, segments);
    memory_free(entries.value);
    memory_free(entries.column);
    memory_free(piece.value);
    memory_free(piece.column);
    return status;
}

enum status source_sparse_read(struct source *source, int64_t first, int64_t n, struct rows *rows,
                               struct segment_list *segments)
{
    int64_t *start = memory_allocate(n * source->n_probe + 1, sizeof *start);
    enum status status = read_starts(source, first, n, start, segments);
    if (status == STATUS_OK)
        status = read_block(source, first, n, start, rows, segments);
    memory_free(start);
    return status;
}

enum status source_sparse_list(struct source *source, int64_t first, int64_t n, struct segment_list *segments)
{
    struct tensor *starts = source->tensor[TENSOR_STARTS];
    int64_t row = first * source->n_probe, own = own_starts(source, first, n), begin, end;
    enum status status = read_integers(starts, row, 1, &begin, NULL);
    if (status == STATUS_OK)
        status = read_integers(starts, row + n * source->n_probe, 1, &end, NULL);
    if (status == STATUS_OK && (begin < 0 || end < begin || end > entry_count(source)))
        status = fail(BAD_INPUT, "%s: expected starts in ascending order, from 0 to %lld, found %lld and then %lld",
                      tensor_name(starts), (long long)entry_count(source), (long long)begin, (long long)end);
    if (status != STATUS_OK)
        return status;
    tensor_list(starts, row, own, segments);
    for (int64_t at = begin; at < end; at += PIECE) {
        int64_t count = PIECE < end - at ? PIECE : end - at;
        tensor_list(source->tensor[TENSOR_INDICES], at, count, segments);
        tensor_list(source->tensor[TENSOR_VALUES], at, count, segments);
    }
    return STATUS_OK;
}

int64_t source_sparse_workspace(const struct source *source, int64_t n)
{
    /* Stored, as doubles, and as integers. */
    const int64_t number = 3 * (int64_t)sizeof(int64_t);
    int64_t rows, bytes, piece = entry_count(source) < PIECE ? entry_count(source) : PIECE;
    int64_t entries = 2 * piece * number + source->n_column * (int64_t)(sizeof(double) + sizeof(int32_t));
    if (__builtin_mul_overflow(n, source->n_probe, &rows) || __builtin_add_overflow(rows, 1, &rows) ||
        __builtin_mul_overflow(rows, number, &bytes) || __builtin_add_overflow(bytes, entries, &bytes))
        return INT64_MAX;
    return bytes;
}
