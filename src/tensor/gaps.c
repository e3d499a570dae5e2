/* The bytes of input files that hold no row of any tensor in use. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "tensor/tensor_parts.h"

/* The rows of one shard as a range of bytes; empty for logical rows. */
struct range {
    const struct shard *shard; /* borrowed */
    int64_t begin, end;
};

static int compare_ranges(const void *a, const void *b)
{
    const struct range *left = a, *right = b;
    int order = strcmp(left->shard->path, right->shard->path);
    if (order == 0)
        order = (left->begin > right->begin) - (left->begin < right->begin);
    return order ? order : (left->end > right->end) - (left->end < right->end);
}

static struct range *list_ranges(struct tensor *const *tensors, int n_tensor, int64_t *n)
{
    *n = 0;
    for (int t = 0; t < n_tensor; t++)
        *n += tensors[t]->n_shard;
    struct range *ranges = memory_allocate(*n, sizeof *ranges), *next = ranges;
    for (int t = 0; t < n_tensor; t++)
        for (int64_t i = 0; i < tensors[t]->n_shard; i++) {
            const struct shard *shard = &tensors[t]->shards[i];
            bool raw = shard->format->kind == SEGMENT_RAW;
            *next++ =
                (struct range){shard, raw ? shard->data_offset : 0, raw ? shard->data_offset + shard_bytes(shard) : 0};
        }
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
    const struct shard *first = ranges[0].shard;
    struct file_mark now;
    int descriptor = open(first->file, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(BAD_INPUT, "%s: cannot be opened: %s", first->file, strerror(errno));
    enum status status = file_mark_get(descriptor, first->file, &now);
    close(descriptor);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        ASSERT(strcmp(ranges[i].shard->file, first->file) == 0);
        status = file_mark_check(&ranges[i].shard->mark, &now, first->file);
    }
    return status;
}

/* `ranges` are all those of one file. */
static enum status add_gaps(const struct range *ranges, int64_t n, struct segment_list *gaps)
{
    const struct shard *shard = ranges[0].shard;
    enum status status = check_unchanged(ranges, n);
    if (status != STATUS_OK)
        return status;
    int64_t covered = 0;
    for (int64_t i = 0; i < n; i++) {
        if (ranges[i].begin == ranges[i].end)
            continue;
        add_gap(shard->path, covered, ranges[i].begin, gaps);
        covered = covered > ranges[i].end ? covered : ranges[i].end;
    }
    add_gap(shard->path, covered, shard->mark.bytes, gaps);
    return STATUS_OK;
}

enum status tensor_gaps(struct tensor *const *tensors, int n_tensor, struct segment_list *gaps)
{
    int64_t n;
    struct range *ranges = list_ranges(tensors, n_tensor, &n);
    enum status status = STATUS_OK;
    for (int64_t first = 0, end; first < n && status == STATUS_OK; first = end) {
        for (end = first + 1; end < n && strcmp(ranges[end].shard->path, ranges[first].shard->path) == 0;)
            end++;
        status = add_gaps(ranges + first, end - first, gaps);
    }
    memory_free(ranges);
    return status;
}
