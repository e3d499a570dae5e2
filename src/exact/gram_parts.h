/* What the ways to make a panel of a Gram matrix share. */
#ifndef ASSAY_EXACT_GRAM_PARTS_H
#define ASSAY_EXACT_GRAM_PARTS_H

#include <stdbool.h>

#include "exact/gram.h"

enum {
    GRAM_LOW_BITS = 40, /* of the low word */
    GRAM_TILE_ROWS = 256,
    GRAM_TILE_COLUMNS = 1024, /* of G at a time */
    GRAM_PART_BITS = 14       /* integers too long for one product go in two parts: q = part 1 · 2^14 + part 0 */
};

/* Some rows and columns of Q, dense. */
struct gram_view {
    const int32_t *q; /* borrowed */
    int64_t n_row, n_column, stride;
};

/* The same, prepared as one side of a product. */
struct gram_operand {
    int n_digit;
    int n_part; /* part 0 is q itself if there is only one */
    int64_t n_row, n_column;
    void *memory; /* borrowed; operand_bytes of its maker */
};

/* A way to make products of dense blocks, C = LᵀR. */
struct gram_products {
    int64_t block_rows; /* rows of Q at a time: a product of two parts over them is at most 2^51 */
    int (*n_part)(int n_digit, bool is_left);
    int64_t (*operand_bytes)(int n_digit, bool is_left, int64_t n_row, int64_t n_column);
    int64_t (*workspace_bytes)(int n_digit);
    /* Fills the memory of an operand of which all else is set. */
    void (*prepare)(const struct gram_operand *operand, const struct gram_view *view);
    /* c[i · n + j] = Σ_r left[r, i] · right[r, j] of these parts, for every i, and j < n. */
    void (*multiply)(const struct gram_operand *left, int left_part, const struct gram_operand *right, int right_part,
                     int64_t n, double *c, void *workspace);
};

extern const struct gram_products gram_dgemm, gram_int8;

/* Adds by products of dense blocks.  @local */
void gram_add_dense(struct gram_panel *panel, const struct quantised *matrix, const struct gram_products *products);
/* Seconds that products of one small tile of this panel take for a row of Q; nothing is added.  @local */
double gram_trial(struct gram_panel *panel, const struct quantised *matrix, const struct gram_products *products);
int64_t gram_dense_bytes(const struct gram_products *products, int n_digit, int64_t n_column, int64_t width);
/* Adds by outer products of the entries of sparse rows.  @local */
void gram_add_sparse(struct gram_panel *panel, const struct quantised *matrix);
int64_t gram_sparse_bytes(int64_t n_column);

/* The first entry of row i of a sparse matrix in column `column` or behind it. */
int64_t gram_find(const struct quantised *matrix, int64_t i, int64_t column);

#endif
