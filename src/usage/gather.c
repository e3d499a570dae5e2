#include "usage/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return (left->row > right->row) - (left->row < right->row);
}

void places_make(const int64_t *rows, int64_t n, struct places *places)
{
    bool in_order = true;
    *places = (struct places){.items = memory_allocate_raw(n, sizeof *places->items)};
    for (int64_t i = 0; i < n; i++) {
        if (rows[i] == -1)
            continue;
        in_order = in_order && (places->n == 0 || places->items[places->n - 1].row <= rows[i]);
        places->items[places->n++] = (struct place){rows[i], i};
    }
    if (!in_order)
        qsort(places->items, (size_t)places->n, sizeof *places->items, compare_places);
}

void places_clear(struct places *places)
{
    memory_free(places->items);
    *places = (struct places){0};
}

/* Places [first, last) of a list, whose rows are near each other, by one read. */
static enum status read_piece(struct table_reader *reader, const char *path, const struct place *first,
                              const struct place *last, int64_t bytes, void *out)
{
    int64_t n_row = last[-1].row - first->row + 1;
    char *piece = memory_allocate_raw(n_row, (size_t)bytes);
    enum status status = table_read(reader, path, first->row, n_row, piece);
    for (const struct place *place = first; place < last && status == STATUS_OK; place++)
        memcpy((char *)out + place->i * bytes, piece + (place->row - first->row) * bytes, (size_t)bytes);
    memory_free(piece);
    return status;
}

enum status rows_gather(struct table_reader *reader, const char *path, const struct places *places, void *out)
{
    enum { PIECE_BYTES = 8 << 20 };
    const struct dataset *shape = table_find(reader, path);
    if (shape == NULL)
        return fail(BAD_RUN, "expected a dataset %s, found none; run the jobs of the tables again", path);
    int64_t bytes = dataset_row_bytes(shape), n_row = dataset_rows(shape), n = places->n;
    int64_t most = bytes > 0 && bytes < PIECE_BYTES ? PIECE_BYTES / bytes : 1;
    const struct place *items = places->items;
    enum status status = STATUS_OK;
    if (n > 0 && (items[0].row < 0 || items[n - 1].row >= n_row))
        return fail(
            BAD_RUN,
            "expected a row of %s, which has %lld, found row %lld asked for: the tables do not belong together; "
            "run their jobs again",
            path, (long long)n_row, (long long)(items[0].row < 0 ? items[0].row : items[n - 1].row));
    for (int64_t k = 0, last; k < n && status == STATUS_OK; k = last) {
        for (last = k + 1; last < n && items[last].row - items[k].row < most;)
            last++;
        status = read_piece(reader, path, items + k, items + last, bytes, out);
    }
    return status;
}
