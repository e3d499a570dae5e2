#include "exact/gemm_tiles.h"

#include "base/memory.h"
#include "exact/gemm.h"

void gemm_tiles(struct gemm_tile tile, int64_t a_row, int64_t m, double *c,
                void (*work)(const struct gemm_tile *tile, void *scratch), void *scratch)
{
    const struct digits *a = tile.a, *b = tile.b;
    ASSERT(a->n_column == b->n_column && a->n_column <= GEMM_MAX_COLUMN);
    ASSERT(a_row >= 0 && m >= 0 && a_row <= a->n_row - m);
    ASSERT(tile.lowest == 0 || a->n_digit == b->n_digit);
    tile.c_stride = b->n_row;
    for (int64_t i = 0; i < m; i += TILE_ROWS)
        for (int64_t j = 0; j < b->n_row; j += TILE_COLUMNS) {
            tile.a_row = a_row + i;
            tile.m = least(TILE_ROWS, m - i);
            tile.b_row = j;
            tile.n = least(TILE_COLUMNS, b->n_row - j);
            tile.c = c + i * b->n_row + j;
            work(&tile, scratch);
        }
}
