/* How far two lists of kept entries agree: as sets, and in their order. */
#ifndef ASSAY_DIFF_TOP_H
#define ASSAY_DIFF_TOP_H

#include "table/table.h"

struct top_agreement {
    int64_t n_query, top; /* compared: the first `top` entries of each list */
    double overlap;       /* mean share of the entries of one list that the other has too */
    double least_overlap;
    int64_t least_query; /* the first query with it */
    int64_t n_same;      /* queries with the same entries in the same order */
    int64_t n_ranked;    /* queries with at least two entries in common */
    double rank;         /* mean over these of Spearman's rank correlation of the common entries */
};

/* Takes in one query's lists of `top` different entries each.  @local */
void top_compare(const int64_t *a, const int64_t *b, int64_t top, struct top_agreement *agreement);

/* Compares the /…/index datasets (queries × kept) of two tables; lists of other lengths as far as the shorter goes.
 * `agreement` is complete on success.  @local   @fails BAD_INPUT */
enum status top_agreement_make(struct table_reader *const readers[2], const struct dataset *const shapes[2],
                               struct top_agreement *agreement);

#endif
