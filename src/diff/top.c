#include "diff/top.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct place { /* of an entry in both lists; −1: not in it */
    int64_t entry, at[2];
};

static int compare_entries(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return (left->entry > right->entry) - (left->entry < right->entry);
}

static int compare_first(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return (left->at[0] > right->at[0]) - (left->at[0] < right->at[0]);
}

static int compare_second(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return (left->at[1] > right->at[1]) - (left->at[1] < right->at[1]);
}

/* The entries that both lists have, at the begin of `places`, which has room for 2 × top. */
static int64_t find_common(const int64_t *a, const int64_t *b, int64_t top, struct place *places)
{
    for (int64_t i = 0; i < top; i++) {
        places[i] = (struct place){a[i], {i, -1}};
        places[top + i] = (struct place){b[i], {-1, i}};
    }
    qsort(places, (size_t)(2 * top), sizeof *places, compare_entries);
    int64_t n = 0;
    for (int64_t i = 0; i + 1 < 2 * top; i++)
        if (places[i].entry == places[i + 1].entry) {
            struct place *first = &places[i], *second = &places[i + 1];
            places[n++] = (struct place){
                first->entry,
                {first->at[0] >= 0 ? first->at[0] : second->at[0], first->at[1] >= 0 ? first->at[1] : second->at[1]}};
            i++;
        }
    return n;
}

/* Spearman's correlation of the order of n ≥ 2 common entries: 1 − 6 Σ d² / (n (n² − 1)). */
static double rank_correlation(struct place *places, int64_t n)
{
    double squares = 0, size = (double)n;
    qsort(places, (size_t)n, sizeof *places, compare_first);
    for (int64_t i = 0; i < n; i++)
        places[i].at[0] = i;
    qsort(places, (size_t)n, sizeof *places, compare_second);
    for (int64_t i = 0; i < n; i++) {
        double by = (double)(places[i].at[0] - i);
        squares += by * by;
    }
    return 1 - 6 * squares / (size * (size * size - 1));
}

void top_compare(const int64_t *a, const int64_t *b, int64_t top, struct top_agreement *agreement)
{
    struct place *places = memory_allocate(2 * top, sizeof *places);
    int64_t n = find_common(a, b, top, places), query = agreement->n_query++;
    double overlap = top > 0 ? (double)n / (double)top : 1;
    if (query == 0 || overlap < agreement->least_overlap) {
        agreement->least_overlap = overlap;
        agreement->least_query = query;
    }
    agreement->top = top;
    agreement->overlap += (overlap - agreement->overlap) / (double)(query + 1);
    agreement->n_same += memcmp(a, b, (size_t)top * sizeof *a) == 0;
    if (n >= 2) {
        agreement->n_ranked++;
        agreement->rank += (rank_correlation(places, n) - agreement->rank) / (double)agreement->n_ranked;
    }
    memory_free(places);
}

enum status top_agreement_make(struct table_reader *const readers[2], const struct dataset *const shapes[2],
                               struct top_agreement *agreement)
{
    *agreement = (struct top_agreement){0};
    int64_t top = shapes[0]->dims[1] < shapes[1]->dims[1] ? shapes[0]->dims[1] : shapes[1]->dims[1];
    int64_t *lists[2];
    for (int i = 0; i < 2; i++)
        lists[i] = memory_allocate(shapes[i]->dims[1], sizeof **lists);
    enum status status = STATUS_OK;
    for (int64_t query = 0; query < shapes[0]->dims[0] && status == STATUS_OK; query++) {
        for (int i = 0; i < 2 && status == STATUS_OK; i++)
            status = table_read(readers[i], shapes[i]->path, query, 1, lists[i]);
        if (status == STATUS_OK)
            top_compare(lists[0], lists[1], top, agreement);
    }
    memory_free(lists[1]);
    memory_free(lists[0]);
    return status;
}
