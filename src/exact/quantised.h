/* A matrix as integers with one power of two per column: what an exact Gram matrix is made from. */
#ifndef ASSAY_EXACT_QUANTISED_H
#define ASSAY_EXACT_QUANTISED_H

#include <stdbool.h>
#include <stdint.h>

#include "exact/rows.h"

/* x_ij ≈ q_ij · 2^(exponent[j] + 1 − 7 n_digit), |q| ≤ 2^(7 n_digit − 1), n_digit in 1…4. */
struct quantised {
    int64_t n_row, n_column;
    int n_digit;
    int *exponent;    /* owned; per column: the least with max|x| < 2^exponent over all rows of all ranks, but not below
                         7 n_digit − 1023, so that the scale is a normal number; 0 for a column of zeros */
    double *factor;   /* owned; per column: 2^(7 n_digit − 1 − exponent), the inverse of the scale */
    int32_t *dense;   /* owned; n_row × n_column; NULL when sparse */
    int64_t *start;   /* owned; n_row + 1; sparse, as the next two; columns strictly ascending, no zeros */
    int32_t *column;  /* owned */
    int32_t *q;       /* owned */
    int64_t capacity; /* integers of `dense`, or entries of `column` and `q`, that there is room for */
    int64_t start_end; /* starts that there is room for */
};

/* exponent[j] = the larger of what it is and the least e with |x_ij| < 2^e: to be called for every block of rows (start
 * from QUANTISED_NO_EXPONENT), then reduced over ranks by MPI_MAX.  Values must be finite, or it aborts.  @local */
enum { QUANTISED_NO_EXPONENT = -1100 };
void quantised_measure(const struct rows *rows, int *exponent);

/* An empty matrix; copies the exponents (QUANTISED_NO_EXPONENT becomes 0). */
void quantised_init(struct quantised *matrix, int n_digit, int64_t n_column, const int *exponent, bool is_sparse);
void quantised_clear(struct quantised *matrix);
/* Room for n_row rows in all, with n_entry entries if sparse, so that appending them moves nothing; without it, room
 * grows by half when it is used up.  @local */
void quantised_reserve(struct quantised *matrix, int64_t n_row, int64_t n_entry);
/* Appends rows, dense or sparse, to a matrix of either kind: q = round-half-even(x · 2^(7 n_digit − 1 − exponent)).
 * Entries that round to zero are left out of sparse rows.  |x| must be below 2^exponent, or it aborts.  @local */
void quantised_append(struct quantised *matrix, const struct rows *rows);

static inline bool quantised_is_dense(const struct quantised *matrix)
{
    return matrix->start == 0;
}

/* 2^(exponent[j] + 1 − 7 n_digit), a normal number. */
double quantised_scale(const struct quantised *matrix, int64_t j);
/* Row i of the same matrix in doubles, q · scale: exact for |x| < 2^1023. */
void quantised_row(const struct quantised *matrix, int64_t i, double *out);

#endif
