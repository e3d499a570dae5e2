#include "seal/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct piece {
    int64_t offset, end;
};

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Segments [first, last) are those of one file; `pieces` has room for them. */
static enum status check_file(const struct segment *first, const struct segment *last, struct piece *pieces)
{
    int64_t n = 0, covered = 0;
    for (const struct segment *item = first; item < last; item++) {
        if (item->offset < 0 || item->bytes < 0 || item->bytes > INT64_MAX - item->offset)
            return fail(BAD_RUN, "input %s: a table lists %lld bytes at byte %lld, which no file can have", first->path,
                        (long long)item->bytes, (long long)item->offset);
        if (item->kind == SEGMENT_RAW)
            pieces[n++] = (struct piece){item->offset, item->offset + item->bytes};
    }
    if (n == 0)
        return fail(BAD_RUN,
                    "input %s: the tables list rows of it but no bytes of the file; make the tables again with this "
                    "version of the program",
                    first->path);
    qsort(pieces, (size_t)n, sizeof *pieces, compare_pieces);
    for (int64_t i = 0; i < n; i++) {
        if (pieces[i].offset > covered)
            return fail(BAD_RUN,
                        "input %s: bytes %lld to %lld are in no segment that the tables list, so that they could "
                        "change unseen; make the tables again with this version of the program",
                        first->path, (long long)covered, (long long)pieces[i].offset);
        covered = pieces[i].end > covered ? pieces[i].end : covered;
    }
    return STATUS_OK;
}

enum status coverage_check(const struct segment_list *segments)
{
    struct piece *pieces = memory_allocate(segments->n, sizeof *pieces);
    const struct segment *items = segments->items;
    enum status status = STATUS_OK;
    for (int64_t first = 0, last; first < segments->n && status == STATUS_OK; first = last) {
        for (last = first + 1; last < segments->n && strcmp(items[last].path, items[first].path) == 0;)
            last++;
        status = check_file(items + first, items + last, pieces);
    }
    memory_free(pieces);
    return status;
}
