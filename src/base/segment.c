#include "base/segment.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

void segments_init(struct segment_list *list)
{
    *list = (struct segment_list){0};
}

static void segment_clear(struct segment *segment)
{
    memory_free(segment->path);
    memory_free(segment->object);
}

void segments_clear(struct segment_list *list)
{
    for (int64_t i = 0; i < list->n; i++)
        segment_clear(&list->items[i]);
    memory_free(list->items);
    *list = (struct segment_list){0};
}

void segments_add(struct segment_list *list, const struct segment *segment)
{
    if (list->n == list->capacity) {
        list->capacity = 2 * list->capacity + 16;
        list->items = memory_resize(list->items, list->n, list->capacity, sizeof *list->items);
    }
    struct segment *item = &list->items[list->n++];
    *item = *segment;
    item->path = memory_copy_text(segment->path);
    item->object = memory_copy_text(segment->object);
}

enum status segments_add_file(struct segment_list *list, const char *directory, const char *name)
{
    char *path = path_join(directory, name);
    int64_t size = 0;
    enum status status = file_size(path, &size);
    memory_free(path);
    for (int64_t offset = 0; status == STATUS_OK && (offset < size || offset == 0); offset += SEGMENT_LIMIT) {
        struct segment segment = {.path = (char *)name,
                                  .object = (char *)"-",
                                  .kind = SEGMENT_RAW,
                                  .offset = offset,
                                  .bytes = size - offset < SEGMENT_LIMIT ? size - offset : SEGMENT_LIMIT};
        segments_add(list, &segment);
    }
    return status;
}

static int compare_place(const struct segment *a, const struct segment *b)
{
    int order = strcmp(a->path, b->path);
    if (order == 0)
        order = strcmp(a->object, b->object);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    if (order == 0)
        order = (a->offset > b->offset) - (a->offset < b->offset);
    return order ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static int compare_segments(const void *a, const void *b)
{
    return compare_place(a, b);
}

enum status segments_sort(struct segment_list *list)
{
    if (list->n == 0)
        return STATUS_OK;
    qsort(list->items, (size_t)list->n, sizeof *list->items, compare_segments);
    int64_t kept = 1;
    enum status status = STATUS_OK;
    for (int64_t i = 1; i < list->n; i++) {
        struct segment *last = &list->items[kept - 1], *next = &list->items[i];
        if (compare_place(last, next) != 0) {
            list->items[kept++] = *next;
            continue;
        }
        if (memcmp(last->sha256, next->sha256, DIGEST_BYTES) != 0)
            status = fail(BAD_INPUT,
                          "%s: bytes %lld to %lld were read twice and differed: the file changed during the job; "
                          "run it again when nothing writes to its inputs",
                          next->path, (long long)next->offset, (long long)(next->offset + next->bytes));
        segment_clear(next);
    }
    list->n = kept;
    return status;
}

/* Fixed part of a packed segment; the two strings follow it. */
struct packed {
    int64_t path_bytes, object_bytes, kind, offset, bytes, row_first, n_row;
    uint8_t sha256[DIGEST_BYTES];
};

void segments_pack(const struct segment_list *list, char **bytes, int64_t *n)
{
    struct text out;
    text_init(&out);
    for (int64_t i = 0; i < list->n; i++) {
        const struct segment *item = &list->items[i];
        struct packed head = {(int64_t)strlen(item->path),
                              (int64_t)strlen(item->object),
                              item->kind,
                              item->offset,
                              item->bytes,
                              item->row_first,
                              item->n_row,
                              {0}};
        memcpy(head.sha256, item->sha256, DIGEST_BYTES);
        text_add_bytes(&out, &head, sizeof head);
        text_add_bytes(&out, item->path, (size_t)head.path_bytes);
        text_add_bytes(&out, item->object, (size_t)head.object_bytes);
    }
    *n = (int64_t)out.length;
    *bytes = out.bytes;
}

static char *copy_part(const char *bytes, int64_t n)
{
    return memcpy(memory_allocate(n + 1, 1), bytes, (size_t)n);
}

enum status segments_unpack(const char *bytes, int64_t n, struct segment_list *list)
{
    for (int64_t at = 0; at < n;) {
        struct packed head;
        int64_t left = n - at - (int64_t)sizeof head;
        if (left >= 0)
            memcpy(&head, bytes + at, sizeof head);
        if (left < 0 || head.path_bytes < 0 || head.path_bytes > left || head.object_bytes < 0 ||
            head.object_bytes > left - head.path_bytes || head.kind < SEGMENT_RAW || head.kind > SEGMENT_LOGICAL)
            return fail(BAD_INPUT, "a packed list of segments is cut off or malformed at byte %lld of %lld",
                        (long long)at, (long long)n);
        at += (int64_t)sizeof head;
        struct segment segment = {.path = copy_part(bytes + at, head.path_bytes),
                                  .object = copy_part(bytes + at + head.path_bytes, head.object_bytes),
                                  .kind = (enum segment_kind)head.kind,
                                  .offset = head.offset,
                                  .bytes = head.bytes,
                                  .row_first = head.row_first,
                                  .n_row = head.n_row};
        memcpy(segment.sha256, head.sha256, DIGEST_BYTES);
        segments_add(list, &segment);
        segment_clear(&segment);
        at += head.path_bytes + head.object_bytes;
    }
    return STATUS_OK;
}
