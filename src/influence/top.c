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
}

void top_clear(struct top *top)
{
    memory_free(top->count);
    memory_free(top->score);
    memory_free(top->index);
    memory_free(top->part);
    *top = (struct top){0};
}

/* Whether entry a comes before entry b. */
static bool before(enum side side, double score_a, int64_t index_a, double score_b, int64_t index_b)
{
    if (score_a != score_b)
        return side == PROPONENTS ? score_a > score_b : score_a < score_b;
    return index_a < index_b;
}

static bool slot_before(const struct top *top, int64_t a, int64_t b)
{
    return before(top->side, top->score[a], top->index[a], top->score[b], top->index[b]);
}

bool top_wants(const struct top *top, int64_t query, double score, int64_t index)
{
    int64_t root = query * top->top;
    return top->count[query] < top->top || before(top->side, score, index, top->score[root], top->index[root]);
}

static void swap_slots(struct top *top, int64_t a, int64_t b)
{
    double score = top->score[a];
    top->score[a] = top->score[b];
    top->score[b] = score;
    int64_t index = top->index[a];
    top->index[a] = top->index[b];
    top->index[b] = index;
    for (int p = 0; p < top->n_part; p++) {
        double part = top->part[a * top->n_part + p];
        top->part[a * top->n_part + p] = top->part[b * top->n_part + p];
        top->part[b * top->n_part + p] = part;
    }
}

static void set_slot(struct top *top, int64_t slot, double score, int64_t index, const double *part)
{
    top->score[slot] = score;
    top->index[slot] = index;
    memcpy(top->part + slot * top->n_part, part, (size_t)top->n_part * sizeof *part);
}

/* The heap of one query begins at slot `first` and has n entries; its root comes last in order. */
static void sift_down(struct top *top, int64_t first, int64_t n, int64_t at)
{
    for (;;) {
        int64_t last = at;
        for (int64_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
            if (slot_before(top, first + last, first + child))
                last = child;
        if (last == at)
            return;
        swap_slots(top, first + at, first + last);
        at = last;
    }
}

static void sift_up(struct top *top, int64_t first, int64_t at)
{
    while (at > 0 && slot_before(top, first + (at - 1) / 2, first + at)) {
        swap_slots(top, first + at, first + (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

void top_offer(struct top *top, int64_t query, double score, int64_t index, const double *part)
{
    int64_t first = query * top->top, n = top->count[query];
    if (n < top->top) {
        set_slot(top, first + n, score, index, part);
        top->count[query]++;
        sift_up(top, first, n);
    } else {
        set_slot(top, first, score, index, part);
        sift_down(top, first, n, 0);
    }
}

void top_sort(struct top *top)
{
    for (int64_t query = 0; query < top->n_query; query++)
        for (int64_t n = top->count[query]; n > 1; n--) {
            swap_slots(top, query * top->top, query * top->top + n - 1);
            sift_down(top, query * top->top, n - 1, 0);
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
        int64_t n;
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
