#include "usage/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct place {
    int64_t row, i;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return (left->row > right->row) - (left->row < right->row);
}

/* The places in order of row; the caller owns them. */
static struct place *list_places(const int64_t *rows, int64_t n, int64_t *n_place)
{
    struct place *places = memory_allocate(n, sizeof *places);
    bool in_order = true;
    *n_place = 0;
    for (int64_t i = 0; i < n; i++) {
        if (rows[i] == -1)
            continue;
        in_order = in_order && (*n_place == 0 || places[*n_place - 1].row <= rows[i]);
        places[(*n_place)++] = (struct place){rows[i], i};
    }
    if (!in_order)
        qsort(places, (size_t)*n_place, sizeof *places, compare_places);
    return places;
}

enum status rows_gather(struct table_reader *reader, const char *path, const int64_t *rows, int64_t n, void *out)
{
    enum { PIECE_BYTES = 8 << 20 };
    const struct dataset *shape = table_find(reader, path);
    if (shape == NULL)
        return fail(BAD_RUN, "expected a dataset %s, found none", path);
    int64_t n_place, bytes = dataset_row_bytes(shape),
                     most = bytes < PIECE_BYTES && bytes > 0 ? PIECE_BYTES / bytes : 1;
    struct place *places = list_places(rows, n, &n_place);
    char *piece = NULL;
    enum status status = STATUS_OK;
    if (n_place > 0 && (places[0].row < 0 || places[n_place - 1].row >= dataset_rows(shape)))
        status = fail(BAD_RUN,
                      "%s: expected a row below %lld, found row %lld asked for: the tables do not belong "
                      "together; run their jobs again",
                      path, (long long)dataset_rows(shape), (long long)places[n_place - 1].row);
    for (int64_t k = 0, last; k < n_place && status == STATUS_OK; k = last) {
        int64_t first = places[k].row;
        for (last = k + 1; last < n_place && places[last].row - first < most;)
            last++;
        int64_t n_row = places[last - 1].row - first + 1;
        piece = memory_allocate_raw(n_row, (size_t)bytes);
        status = table_read(reader, path, first, n_row, piece);
        for (int64_t j = k; j < last && status == STATUS_OK; j++)
            memcpy((char *)out + places[j].i * bytes, piece + (places[j].row - first) * bytes, (size_t)bytes);
        memory_free(piece);
    }
    memory_free(places);
    return status;
}
