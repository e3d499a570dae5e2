/* Kept entries: the strongest proponents and opponents of every query, in a total order. */
#ifndef ASSAY_INFLUENCE_TOP_H
#define ASSAY_INFLUENCE_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum side { PROPONENTS, OPPONENTS, N_SIDES };

/* For each query at most `top` entries.  Proponents: higher scores first; opponents: lower scores first; equal scores:
 * the lower sample index first.  A total order, so that any order of offers and merges keeps the same entries. */
struct top {
    enum side side;
    int64_t n_query, top;
    int n_part;     /* an entry's resolution: checkpoints, then layers */
    int64_t *count; /* owned; n_query: entries held, at most top */
    double *score;  /* owned; n_query × top; in no order until top_sort */
    int64_t *index; /* owned; n_query × top: sample */
    double *part;   /* owned; n_query × top × n_part */
    int32_t *heap;  /* owned; n_query × top: entries as a heap with the last in order at the root */
};

void top_init(struct top *top, enum side side, int64_t n_query, int64_t n_top, int n_part);
void top_clear(struct top *top);
/* The entry of a query that comes last in order: what a new one must beat.  Only when the list is full. */
static inline double top_last_score(const struct top *top, int64_t query)
{
    return top->score[query * top->top + top->heap[query * top->top]];
}
/* Whether an entry would be kept. */
bool top_wants(const struct top *top, int64_t query, double score, int64_t index);
/* Keeps an entry that top_wants; `part` has n_part numbers. */
void top_offer(struct top *top, int64_t query, double score, int64_t index, const double *part);
/* Brings every query's entries into order. */
void top_sort(struct top *top);

/* Flat bytes for another rank or the journal, and offering all entries of such bytes (lengths are checked).
 * @fails BAD_RUN when the bytes do not fit this shape */
void top_pack(const struct top *top, struct text *bytes);
enum status top_unpack(struct top *top, const char **bytes, int64_t *left);

#endif
