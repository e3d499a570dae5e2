/* What policy.h5 says of every pair: one row per pair and dataset, gathered block by block. */
#ifndef ASSAY_POLICY_PAIR_ROWS_H
#define ASSAY_POLICY_PAIR_ROWS_H

#include "policy/pair_effect.h"
#include "table/table.h"

enum pair_figure { /* the datasets, in the order of their list */
                   PAIR_SHIFT_NORM,
                   PAIR_X_NORM,
                   PAIR_Y_NORM,
                   PAIR_INTERACTION_NORM,
                   PAIR_FIRST_ORDER_ERROR,
                   PAIR_INTERCEPT_SHIFT,
                   PAIR_OFF_TARGET_SHARE,
                   PAIR_SOURCE_SHARE,
                   PAIR_DOMINANT,
                   PAIR_INTERFERES,
                   PAIR_TOP_FEATURE,
                   PAIR_TOP_SHIFT,
                   PAIR_TOP_X,
                   PAIR_TOP_Y,
                   PAIR_TOP_SHAPLEY_X,
                   PAIR_TOP_SHAPLEY_Y,
                   PAIR_TOP_INTERACTION,
                   PAIR_TOP_FIRST_ORDER,
                   PAIR_SOURCE,
                   N_PAIR_FIGURES
};

struct pair_rows {
    int64_t n_behaviour, n_kept;
    void *data[N_PAIR_FIGURES]; /* owned; as the datasets want their rows */
};

/* Room for n_most pairs.  @local */
void pair_rows_init(int64_t n_most, int64_t n_behaviour, int64_t n_kept, struct pair_rows *rows);
void pair_rows_clear(struct pair_rows *rows);
int64_t pair_rows_bytes(int64_t n_most, int64_t n_behaviour, int64_t n_kept); /* @local */

/* The N_PAIR_FIGURES datasets for so many pairs.  @local */
void pair_rows_datasets(int64_t n_pair, int64_t n_behaviour, int64_t n_kept, struct dataset *datasets);

/* Fills row i: pair `pair`, whose shift `study` computed last.  @local */
void pair_rows_set(struct pair_rows *rows, int64_t i, int64_t pair, const struct pair_intended *known,
                   struct shift_study *study, const struct shift *shift);
/* Row i of /pairs/interferes (n_behaviour); borrowed. */
const int8_t *pair_rows_interferes(const struct pair_rows *rows, int64_t i);
/* Writes rows 0 to n − 1 as those of pairs [first, first + n).  @local   @fails CANNOT_WRITE */
enum status pair_rows_write(const struct pair_rows *rows, struct table *table, int64_t first, int64_t n);

#endif
