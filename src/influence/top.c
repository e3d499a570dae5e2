#include "influence/top.h"

#include <string.h>

#include "base/memory.h"

void top_init(struct top *top, enum side side, int64_t n_query, int64_t n_top, int n_part)
{
    *top = (struct top){.side = side, .n_query = n_query, .top = n_top, .n_part = n_part};
    top->count = memory_allocate(n_query, sizeof *top->count);
    top->score = memory_allocate(n_query * n_top, sizeof *top->score);
    top->index = memory_allocate(n_query * n_top, sizeof *top->index);
    top->part = memory_allocate(n_query * n_top * n_part, sizeof *top->part);
    top->heap = memory_allocate(n_query * n_top, sizeof *top->heap);
}

void top_clear(struct top *top)
{
    memory_free(top->count);
    memory_free(top->score);
    memory_free(top->index);
    memory_free(top->part);
    memory_free(top->heap);
    *top = (struct top){0};
}

/* Whether entry a comes before entry b. */
static bool before(enum side side, double score_a, int64_t index_a, double score_b, int64_t index_b)
{
    if (score_a != score_b)
        return side == PROPONENTS ? score_a > score_b : score_a < score_b;
    return index_a < index_b;
}

/* One query's part of the lists. */
struct list {
    enum side side;
    double *score;
    int64_t *index;
    double *part;
    int32_t *heap;
    int64_t *count;
    int n_part;
};

static struct list list_of(const struct top *top, int64_t query)
{
    int64_t first = query * top->top;
    return (struct list){.side = top->side,
                         .score = top->score + first,
                         .index = top->index + first,
                         .part = top->part + first * top->n_part,
                         .heap = top->heap + first,
                         .count = top->count + query,
                         .n_part = top->n_part};
}

static bool entry_before(const struct list *list, int32_t a, int32_t b)
{
    return before(list->side, list->score[a], list->index[a], list->score[b], list->index[b]);
}

bool top_wants(const struct top *top, int64_t query, double score, int64_t index)
{
    struct list list = list_of(top, query);
    int32_t last = list.heap[0];
    return *list.count < top->top || before(list.side, score, index, list.score[last], list.index[last]);
}

/* The entry at place `at` sinks until none of its children comes after it. */
static void sift_down(const struct list *list, int64_t n, int64_t at)
{
    int32_t entry = list->heap[at];
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= n)
            break;
        if (child + 1 < n && entry_before(list, list->heap[child], list->heap[child + 1]))
            child++;
        if (!entry_before(list, entry, list->heap[child]))
            break;
        list->heap[at] = list->heap[child];
        at = child;
    }
    list->heap[at] = entry;
}

static void sift_up(const struct list *list, int64_t at)
{
    int32_t entry = list->heap[at];
    for (; at > 0 && entry_before(list, list->heap[(at - 1) / 2], entry); at = (at - 1) / 2)
        list->heap[at] = list->heap[(at - 1) / 2];
    list->heap[at] = entry;
}

void top_offer(struct top *top, int64_t query, double score, int64_t index, const double *part)
{
    struct list list = list_of(top, query);
    bool full = *list.count == top->top;
    int32_t entry = full ? list.heap[0] : (int32_t)*list.count;
    list.score[entry] = score;
    list.index[entry] = index;
    memcpy(list.part + entry * (int64_t)list.n_part, part, (size_t)list.n_part * sizeof *part);
    if (full) {
        sift_down(&list, top->top, 0);
    } else {
        list.heap[*list.count] = entry;
        sift_up(&list, (*list.count)++);
    }
}

/* Puts a list's entries where the heap array says they belong. */
static void arrange(const struct list *list, int64_t n)
{
    double *score = memory_allocate(n, sizeof *score), *part = memory_allocate(n * list->n_part, sizeof *part);
    int64_t *index = memory_allocate(n, sizeof *index);
    for (int64_t i = 0; i < n; i++) {
        int64_t entry = list->heap[i];
        score[i] = list->score[entry];
        index[i] = list->index[entry];
        memcpy(part + i * list->n_part, list->part + entry * list->n_part, (size_t)list->n_part * sizeof *part);
    }
    memcpy(list->score, score, (size_t)n * sizeof *score);
    memcpy(list->index, index, (size_t)n * sizeof *index);
    memcpy(list->part, part, (size_t)(n * list->n_part) * sizeof *part);
    memory_free(index);
    memory_free(part);
    memory_free(score);
}

void top_sort(struct top *top)
{
    for (int64_t query = 0; query < top->n_query; query++) {
        struct list list = list_of(top, query);
        int64_t n_entry = *list.count;
        for (int64_t n = n_entry; n > 1; n--) { /* heap sort: the last in order goes to the end */
            int32_t last = list.heap[0];
            list.heap[0] = list.heap[n - 1];
            sift_down(&list, n - 1, 0);
            list.heap[n - 1] = last;
        }
        arrange(&list, n_entry);
        for (int64_t i = 0; i < n_entry; i++) /* entry i now is at place i; the heap holds it in reverse */
            list.heap[i] = (int32_t)(n_entry - 1 - i);
    }
}

void top_pack(const struct top *top, struct text *bytes)
{
    for (int64_t query = 0; query < top->n_query; query++) {
        int64_t n = top->count[query], first = query * top->top;
        text_add_bytes(bytes, &n, sizeof n);
        text_add_bytes(bytes, top->score + first, (size_t)n * sizeof *top->score);
        text_add_bytes(bytes, top->index + first, (size_t)n * sizeof *top->index);
        text_add_bytes(bytes, top->part + first * top->n_part, (size_t)(n * top->n_part) * sizeof *top->part);
    }
}

static bool take(const char **bytes, int64_t *left, void *into, int64_t n)
{
    if (n > *left)
        return false;
    memcpy(into, *bytes, (size_t)n);
    *bytes += n;
    *left -= n;
    return true;
}

enum status top_unpack(struct top *top, const char **bytes, int64_t *left)
{
    struct top other; /* one query's worth */
    top_init(&other, top->side, 1, top->top, top->n_part);
    bool good = true;
    for (int64_t query = 0; query < top->n_query && good; query++) {
        int64_t n = 0;
        good = take(bytes, left, &n, sizeof n) && n >= 0 && n <= top->top &&
               take(bytes, left, other.score, n * (int64_t)sizeof *other.score) &&
               take(bytes, left, other.index, n * (int64_t)sizeof *other.index) &&
               take(bytes, left, other.part, n * top->n_part * (int64_t)sizeof *other.part);
        for (int64_t i = 0; i < n && good; i++)
            if (top_wants(top, query, other.score[i], other.index[i]))
                top_offer(top, query, other.score[i], other.index[i], other.part + i * top->n_part);
    }
    top_clear(&other);
    return good ? STATUS_OK : fail(BAD_RUN, "kept entries of another shape, or cut off");
}
