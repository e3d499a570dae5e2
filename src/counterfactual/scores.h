/* The scores of this run's influence.h5, as far as it keeps them. */
#ifndef ASSAY_COUNTERFACTUAL_SCORES_H
#define ASSAY_COUNTERFACTUAL_SCORES_H

#include <stdbool.h>

#include "counterfactual/inquiry.h"
#include "table/table.h"

enum { SIDE_PROPONENTS, SIDE_OPPONENTS, N_SCORE_SIDES };

struct scores {
    struct table_reader *reader;
    int64_t n_train, n_query, top;
    int64_t n_checkpoint;                 /* used ones; 1 or more */
    bool all;                             /* every score is there */
    char *method;                         /* owned; what influence.h5 says it is */
    bool is_loss;                         /* in units of the loss: changes of it can be foretold */
    int64_t *index[N_SCORE_SIDES];        /* owned; n_query × top, strongest first; -1: no more */
    double *score[N_SCORE_SIDES];         /* owned; the same */
    double *by_checkpoint[N_SCORE_SIDES]; /* owned; n_query × top × n_checkpoint */
    uint8_t sha256[32];                   /* of the lists above: changes whenever the scores do */
};

/* Opens RUN/influence.h5 and checks that it speaks of the samples and queries of the inquiry.
 * @local   @fails BAD_RUN, BAD_INPUT; nothing is open then */
enum status scores_open(const char *path, const struct inquiry *inquiry, struct scores *scores);
void scores_close(struct scores *scores);

/* Where the pair is among the strongest: its place in the lists of one side; false when it is in neither.  @local */
bool scores_find(const struct scores *scores, int64_t query, int64_t example, int *side, int64_t *place);
/* Scores of rows [first, first + n): n × n_query.  Only with `all`.  @local   @fails BAD_INPUT */
enum status scores_read(const struct scores *scores, int64_t first, int64_t n, double *values);
/* Total of a group per value and query: the caller owns n_query × n_value; NULL when it is not there.  @local */
double *scores_totals(const struct scores *scores, const struct group_column *column);

#endif
