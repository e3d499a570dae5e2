/* The kept entries are the first of a full sort, whatever the order of offers and merges, ties included. */
#include "influence/top.h"

#include <stdlib.h>

#include "base/memory.h"
#include "check.h"

enum { N = 500, QUERIES = 3, KEPT = 20 };

static uint64_t state = 1;
static uint64_t next_random(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return state >> 33;
}

static double scores[QUERIES][N];
static enum side sorting_side;
static int sorting_query;

static int in_order(const void *a, const void *b)
{
    int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    double x = scores[sorting_query][i], y = scores[sorting_query][j];
    if (x != y)
        return (sorting_side == PROPONENTS ? x > y : x < y) ? -1 : 1;
    return i < j ? -1 : 1;
}

static void offer(struct top *top, int64_t i)
{
    for (int q = 0; q < QUERIES; q++) {
        double part[2] = {scores[q][i] / 2, (double)i};
        if (top_wants(top, q, scores[q][i], i))
            top_offer(top, q, scores[q][i], i, part);
    }
}

static void check_sorted(struct top *top)
{
    top_sort(top);
    for (int q = 0; q < QUERIES; q++) {
        int64_t order[N];
        for (int i = 0; i < N; i++)
            order[i] = i;
        sorting_side = top->side;
        sorting_query = q;
        qsort(order, N, sizeof *order, in_order);
        CHECK(top->count[q] == KEPT);
        for (int r = 0; r < KEPT; r++) {
            CHECK(top->index[q * KEPT + r] == order[r]);
            CHECK(top->score[q * KEPT + r] == scores[q][order[r]]);
            CHECK(top->part[(q * KEPT + r) * 2 + 1] == (double)order[r]);
        }
    }
}

/* Entries shared out over `n_part` lists in random order, which then merge in random order through packed bytes. */
static void test_merge(enum side side, int n_part)
{
    struct top parts[8];
    for (int p = 0; p < n_part; p++)
        top_init(&parts[p], side, QUERIES, KEPT, 2);
    int64_t order[N];
    for (int i = 0; i < N; i++)
        order[i] = i;
    for (int i = N - 1; i > 0; i--) {
        int64_t j = (int64_t)(next_random() % (uint64_t)(i + 1)), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (int i = 0; i < N; i++)
        offer(&parts[next_random() % (uint64_t)n_part], order[i]);
    for (int p = 1; p < n_part; p++) {
        struct text bytes;
        text_init(&bytes);
        top_pack(&parts[p], &bytes);
        const char *at = bytes.bytes;
        int64_t left = (int64_t)bytes.length;
        CHECK(top_unpack(&parts[0], &at, &left) == STATUS_OK && left == 0);
        text_clear(&bytes);
    }
    check_sorted(&parts[0]);
    for (int p = 0; p < n_part; p++)
        top_clear(&parts[p]);
}

static void test_refused(void)
{
    struct top top, other;
    top_init(&top, PROPONENTS, QUERIES, KEPT, 2);
    top_init(&other, PROPONENTS, QUERIES, KEPT, 2);
    for (int i = 0; i < N; i++)
        offer(&top, i);
    struct text bytes;
    text_init(&bytes);
    top_pack(&top, &bytes);
    for (int64_t cut = 0; cut < (int64_t)bytes.length; cut += 7) {
        const char *at = bytes.bytes;
        int64_t left = cut;
        CHECK_FAILS(top_unpack(&other, &at, &left), BAD_RUN, "cut off");
    }
    int64_t lie = KEPT + 1;
    memcpy(bytes.bytes, &lie, sizeof lie);
    const char *at = bytes.bytes;
    int64_t left = (int64_t)bytes.length;
    CHECK_FAILS(top_unpack(&other, &at, &left), BAD_RUN, "another shape");
    text_clear(&bytes);
    top_clear(&top);
    top_clear(&other);
}

int main(void)
{
    for (int q = 0; q < QUERIES; q++)
        for (int i = 0; i < N; i++)
            scores[q][i] = (double)(next_random() % 40) - 20; /* many ties */
    for (int n_part = 1; n_part <= 8; n_part++) {
        test_merge(PROPONENTS, n_part);
        test_merge(OPPONENTS, n_part);
    }
    test_refused();
    return check_end();
}
