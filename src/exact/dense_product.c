/* Blocked like Goto and van de Geijn (2008): panels of both operands are packed so that the innermost loop reads them
 * in order, and a small tile of C stays in registers.  The tile is where it differs from a BLAS: products and sums are
 * rounded one by one, in the order of k, so that no blocking and no width of vectors shows in a result. */
#include "exact/dense_product.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/dense.h"

enum {
    TILE_ROWS = 6, /* 6 × 8 sums take 12 registers of AVX2, which has 16, and 6 of AVX-512 */
    TILE_COLUMNS = 8,
    BLOCK_K = 256,       /* a tile's share of B, 16 KiB, stays in the first-level cache */
    BLOCK_ROWS = 96,     /* the block of A, 192 KiB, in the second */
    BLOCK_COLUMNS = 1024 /* the block of B, 2 MiB, in the last */
};

/* A row of a tile; may lie at any address. */
typedef double tile_row __attribute__((vector_size(TILE_COLUMNS * sizeof(double)), aligned(sizeof(double)), may_alias));

/* One block of the product: C (m × n) += A Bᵀ, operands packed. */
struct block {
    int64_t m, n, k;
    const double *a; /* tiles of TILE_ROWS rows: k × TILE_ROWS each */
    const double *b; /* tiles of TILE_COLUMNS columns: k × TILE_COLUMNS each */
    double *c;
    int64_t c_stride;
    int64_t diagonal; /* elements with i + diagonal ≥ j are wanted */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static struct dense_operand part(const struct dense_operand *operand, int64_t row, int64_t column)
{
    struct dense_operand from = *operand;
    from.first += row * operand->row + column * operand->column;
    return from;
}

/* One tile of `rows` rows and k columns of the operand, scaled, with k outermost and the rest of `height` zero.  Its
 * numbers are read in the order in which they lie. */
static void pack_tile(const struct dense_operand *from, int64_t rows, int64_t k, int height, double scale,
                      double *restrict out)
{
    if (llabs(from->row) < llabs(from->column)) {
        for (int64_t t = 0; t < k; t++)
            for (int64_t r = 0; r < height; r++)
                out[t * height + r] = r < rows ? scale * from->first[r * from->row + t * from->column] : 0;
        return;
    }
    for (int64_t r = 0; r < height; r++)
        for (int64_t t = 0; t < k; t++)
            out[t * height + r] = r < rows ? scale * from->first[r * from->row + t * from->column] : 0;
}

/* Rows [0, n) of the operand.  The scale is 1 or −1: c − a b and c + (−a) b are the same bits. */
static void pack(const struct dense_operand *from, int64_t n, int64_t k, int height, double scale, double *out)
{
    for (int64_t i = 0; i < n; i += height) {
        const struct dense_operand tile = part(from, i, 0);
        pack_tile(&tile, least(height, n - i), k, height, scale, out + i * k);
    }
}

/* c (TILE_ROWS × TILE_COLUMNS) += a bᵀ over k. */
static inline __attribute__((always_inline)) void add_tile(int64_t k, const double *restrict a,
                                                           const double *restrict b, double *restrict c, int64_t stride)
{
    tile_row sum[TILE_ROWS];
    for (int r = 0; r < TILE_ROWS; r++)
        sum[r] = *(const tile_row *)(c + r * stride);
    for (int64_t t = 0; t < k; t++, a += TILE_ROWS, b += TILE_COLUMNS) {
        const tile_row column = *(const tile_row *)b;
        for (int r = 0; r < TILE_ROWS; r++)
            sum[r] += a[r] * column;
    }
    for (int r = 0; r < TILE_ROWS; r++)
        *(tile_row *)(c + r * stride) = sum[r];
}

/* A tile that sticks out of C, or crosses its diagonal: through a copy, of which the wanted elements go back. */
static inline __attribute__((always_inline)) void add_partial_tile(const struct block *block, int64_t i, int64_t j,
                                                                   const double *a, const double *b)
{
    const int64_t rows = least(TILE_ROWS, block->m - i), columns = least(TILE_COLUMNS, block->n - j);
    double tile[TILE_ROWS * TILE_COLUMNS] = {0}, *c = block->c + i * block->c_stride + j;
    for (int64_t r = 0; r < rows; r++)
        memcpy(tile + r * TILE_COLUMNS, c + r * block->c_stride, (size_t)columns * sizeof *c);
    add_tile(block->k, a, b, tile, TILE_COLUMNS);
    for (int64_t r = 0; r < rows; r++) {
        int64_t wanted = least(columns, i + r + block->diagonal - j + 1);
        if (wanted > 0)
            memcpy(c + r * block->c_stride, tile + r * TILE_COLUMNS, (size_t)wanted * sizeof *c);
    }
}

VECTORISED
static void add_block(const struct block *block)
{
    for (int64_t j = 0; j < block->n; j += TILE_COLUMNS) {
        const double *b = block->b + j * block->k;
        for (int64_t i = 0; i < block->m; i += TILE_ROWS) {
            const double *a = block->a + i * block->k;
            if (i + TILE_ROWS - 1 + block->diagonal < j)
                continue;
            if (i + TILE_ROWS <= block->m && j + TILE_COLUMNS <= block->n &&
                i + block->diagonal >= j + TILE_COLUMNS - 1)
                add_tile(block->k, a, b, block->c + i * block->c_stride + j, block->c_stride);
            else
                add_partial_tile(block, i, j, a, b);
        }
    }
}

/* All rows of C against one packed block of B. */
static void add_column_block(const struct dense_product *product, int64_t column, int64_t first, struct block *block,
                             double *packed_a)
{
    /* Rows above the diagonal of the first column have nothing to do. */
    const int64_t top = product->is_lower ? column / TILE_ROWS * TILE_ROWS : 0;
    for (int64_t row = top; row < product->m; row += BLOCK_ROWS) {
        const struct dense_operand a = part(&product->a, row, first);
        block->m = least(BLOCK_ROWS, product->m - row);
        block->c = product->c + row * product->c_stride + column;
        block->diagonal = product->is_lower ? row - column : product->n;
        pack(&a, block->m, block->k, TILE_ROWS, product->is_subtracted ? -1 : 1, packed_a);
        add_block(block);
    }
}

void dense_product(const struct dense_product *product)
{
    ASSERT(product->m >= 0 && product->n >= 0 && product->k >= 0);
    const int64_t depth = least(product->k, BLOCK_K);
    double *a = memory_allocate_raw(depth * round_up(least(product->m, BLOCK_ROWS), TILE_ROWS), sizeof *a);
    double *b = memory_allocate_raw(depth * round_up(least(product->n, BLOCK_COLUMNS), TILE_COLUMNS), sizeof *b);
    for (int64_t first = 0; first < product->k; first += BLOCK_K)
        for (int64_t column = 0; column < product->n; column += BLOCK_COLUMNS) {
            const struct dense_operand from = part(&product->b, column, first);
            struct block block = {.n = least(BLOCK_COLUMNS, product->n - column),
                                  .k = least(BLOCK_K, product->k - first),
                                  .a = a,
                                  .b = b,
                                  .c_stride = product->c_stride};
            pack(&from, block.n, block.k, TILE_COLUMNS, 1, b);
            add_column_block(product, column, first, &block, a);
        }
    memory_free(a);
    memory_free(b);
}

// NOLINTNEXTLINE(readability-function-size): the arguments of a BLAS product
void dense_subtract_product(int64_t m, int64_t n, int64_t k, const double *a, int64_t a_stride, const double *b,
                            int64_t b_stride, double *c, int64_t c_stride)
{
    dense_product(&(struct dense_product){.m = m,
                                          .n = n,
                                          .k = k,
                                          .a = {a, a_stride, 1},
                                          .b = {b, b_stride, 1},
                                          .is_subtracted = true,
                                          .c = c,
                                          .c_stride = c_stride});
}

// NOLINTNEXTLINE(readability-function-size): the arguments of a BLAS product
void dense_add_product(int64_t m, int64_t n, int64_t k, const double *a, int64_t a_stride, const double *b,
                       int64_t b_stride, double *c, int64_t c_stride)
{
    dense_product(&(struct dense_product){
        .m = m, .n = n, .k = k, .a = {a, a_stride, 1}, .b = {b, b_stride, 1}, .c = c, .c_stride = c_stride});
}
