/* How far the values of one dataset are from those of another. */
#ifndef ASSAY_DIFF_VALUES_H
#define ASSAY_DIFF_VALUES_H

#include "table/table.h"

struct value_difference {
    int64_t n_row, n_value;                     /* compared */
    int64_t n_row_different, n_value_different; /* other bits, or another text */
    int64_t first_row;                          /* with a difference */
    double largest, largest_relative; /* |a − b|, and |a − b| / max(|a|, |b|); of numbers, NaN and infinity apart */
    int64_t n_not_finite;             /* differing pairs with a NaN or infinity in them */
};

/* Whether two datasets can be compared value by value: the same type and dimensions; texts may be of other widths.
 * @local */
bool values_comparable(const struct dataset *a, const struct dataset *b);

/* Takes in `n` rows, from row `first` on, of two comparable datasets.  @local */
void values_compare(const struct dataset *const shapes[2], const void *const rows[2], int64_t first, int64_t n,
                    struct value_difference *difference);

/* Compares a dataset of two tables, a few MiB at a time.  `difference` is complete on success.
 * @local   @fails BAD_INPUT */
enum status dataset_compare(struct table_reader *const readers[2], const struct dataset *const shapes[2],
                            struct value_difference *difference);

#endif
