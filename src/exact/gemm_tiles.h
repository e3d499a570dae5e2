/* The tiles of a product C = A Bᵀ, which backends compute one by one: each is small enough to stay in cache. */
#ifndef ASSAY_EXACT_GEMM_TILES_H
#define ASSAY_EXACT_GEMM_TILES_H

#include <stdint.h>

#include "exact/digits.h"

enum {
    TILE_ROWS = 512,
    TILE_COLUMNS = 1024 /* 2 MiB of int32 per tile of C */
};

/* A block of C being computed. */
struct gemm_tile {
    const struct digits *a, *b;
    int64_t a_row, m; /* rows of a, of C */
    int64_t b_row, n; /* rows of b, columns of C */
    double *c;        /* borrowed; the tile's first element */
    int64_t c_stride;
    int lowest; /* products of digits that weigh less than 128^lowest together are left out */
};

/* Calls work(tile, scratch) for every tile of C[i, j], i in [a_row, a_row + m), all rows j of b; `tile` has a, b and
 * lowest.  @local */
void gemm_tiles(struct gemm_tile tile, int64_t a_row, int64_t m, double *c,
                void (*work)(const struct gemm_tile *tile, void *scratch), void *scratch);

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Whether sums of products of so many digits, of both numbers together, may leave 2^53.  Digits of at most 64 spell
 * |q| < 1.01 · 2^(7d − 1): with D digits in all, 2^26 columns sum to 1.02 · 2^(7D + 24). */
static inline int gemm_is_wide(int n_digits_in_all)
{
    return n_digits_in_all > 4;
}

#endif
