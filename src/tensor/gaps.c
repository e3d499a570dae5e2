/* The bytes of input files that hold no row of any tensor in use. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor_parts.h"

/* The rows of one shard as a range of bytes; empty for logical rows, and in a file that only says what rows are. */
struct range {
    const char *path, *file; /* borrowed from the shard, as is `mark` */
    const struct file_mark *mark;
    int64_t begin, end;
};

static int compare_ranges(const void *a, const void *b)
{
    const struct range *left = a, *right = b;
    int order = strcmp(left->path, right->path);
    if (order == 0)
        order = (left->begin > right->begin) - (left->begin < right->begin);
    return order ? order : (left->end > right->end) - (left->end < right->end);
}

static struct range range_of_rows(const struct shard *shard)
{
    struct range range = {shard->path, shard->file, &shard->mark, 0, 0};
    if (shard->format->kind == SEGMENT_RAW) {
        range.begin = shard->place.offset;
        range.end = shard->place.offset + shard_bytes(shard);
    }
    return range;
}

static struct range *list_ranges(struct tensor *const *tensors, int n_tensor, int64_t *n)
{
    int64_t n_shard = 0;
    for (int t = 0; t < n_tensor; t++)
        n_shard += tensors[t]->n_shard;
    struct range *ranges = memory_allocate(2 * n_shard, sizeof *ranges), *next = ranges;
    for (int t = 0; t < n_tensor; t++)
        for (int64_t i = 0; i < tensors[t]->n_shard; i++) {
            const struct shard *shard = &tensors[t]->shards[i];
            const struct companion *companion = &shard->companion;
            *next++ = range_of_rows(shard);
            if (companion->file != NULL)
                *next++ = (struct range){companion->path, companion->file, &companion->mark, 0, 0};
        }
    *n = next - ranges;
    qsort(ranges, (size_t)*n, sizeof *ranges, compare_ranges);
    return ranges;
}

static void add_gap(const char *path, int64_t begin, int64_t end, struct segment_list *gaps)
{
    for (int64_t at = begin; at < end; at += SEGMENT_LIMIT) {
        struct segment piece = {.path = (char *)path,
                                .object = (char *)"-",
                                .kind = SEGMENT_RAW,
                                .offset = at,
                                .bytes = end - at < SEGMENT_LIMIT ? end - at : SEGMENT_LIMIT};
        segments_add(gaps, &piece);
    }
}

/* The gaps were derived from headers: they hold only while every tensor saw the file that lies there now. */
static enum status check_unchanged(const struct range *ranges, int64_t n)
{
    const char *file = ranges[0].file;
    struct file_mark now = {0};
    enum status status = file_mark_now(file, &now);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        ASSERT(strcmp(ranges[i].file, file) == 0);
        status = file_mark_check(ranges[i].mark, &now, file);
    }
    return status;
}

/* `ranges` are all those of one file. */
static enum status add_gaps(const struct range *ranges, int64_t n, struct segment_list *gaps)
{
    enum status status = check_unchanged(ranges, n);
    if (status != STATUS_OK)
        return status;
    int64_t covered = 0;
    for (int64_t i = 0; i < n; i++) {
        if (ranges[i].begin == ranges[i].end)
            continue;
        add_gap(ranges[i].path, covered, ranges[i].begin, gaps);
        covered = covered > ranges[i].end ? covered : ranges[i].end;
    }
    add_gap(ranges[0].path, covered, ranges[0].mark->bytes, gaps);
    return STATUS_OK;
}

enum status tensor_gaps(struct tensor *const *tensors, int n_tensor, struct segment_list *gaps)
{
    int64_t n;
    struct range *ranges = list_ranges(tensors, n_tensor, &n);
    enum status status = STATUS_OK;
    for (int64_t first = 0, end; first < n && status == STATUS_OK; first = end) {
        for (end = first + 1; end < n && strcmp(ranges[end].path, ranges[first].path) == 0;)
            end++;
        status = add_gaps(ranges + first, end - first, gaps);
    }
    memory_free(ranges);
    return status;
}
