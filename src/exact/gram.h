/* Panels of an exact Gram matrix: integers of two words. */
#ifndef ASSAY_EXACT_GRAM_H
#define ASSAY_EXACT_GRAM_H

#include <stdint.h>

#include "exact/quantised.h"

/* Columns [first, first + width) of G = QᵀQ, rows first to n − 1 (the lower triangle; what lies above the diagonal in
 * the top square is unspecified).  G[i, j] = high · 2^40 + low at (i − first) · width + (j − first).  After gram_add,
 * 0 ≤ low < 2^40 everywhere, so that MPI_SUM over int64 of both words adds up to 2^22 ranks exactly. */
struct gram_panel {
    int64_t n, first, width;
    int64_t *high, *low; /* owned; (n − first) × width each */
};

void gram_panel_init(struct gram_panel *panel, int64_t n, int64_t first, int64_t width); /* zero */
void gram_panel_clear(struct gram_panel *panel);

/* How products are made; all give the same integers.  INT8 and DGEMM take dense rows and sparse ones, SPARSE only
 * sparse ones. */
enum gram_backend { GRAM_AUTO, GRAM_INT8, GRAM_DGEMM, GRAM_SPARSE };

/* Adds the contribution of these rows.  AUTO takes what is fastest: outer products of the entries of sparse rows,
 * unless these are too many; else 8-bit products, or dgemm on integer-valued doubles, whose sums stay below 2^53: by
 * the number of digits, or by a short trial when there is much to do.  @local */
void gram_add(struct gram_panel *panel, const struct quantised *matrix, enum gram_backend backend);
/* Bytes of workspace beside the panel, at most: for a matrix of so many digits, any number of rows and either kind.
 * @local */
int64_t gram_workspace_bytes(int n_digit, int64_t n_column, int64_t width);

/* high · 2^40 + low, low ≥ 0, as the sum of two doubles, exactly: |second| ≤ half an ulp of first.  @local */
void gram_split(int64_t high, int64_t low, double *first, double *second);

/* Σ_i q_ij · y_i for every column j, exactly, added to sum[j] (exact/sum.h), y in units of 2^y_exponent, |y| ≤ 2^54.
 * @local */
struct sum;
void gram_cross(const struct quantised *matrix, const int64_t *y, int y_exponent, struct sum *sum);

#endif
