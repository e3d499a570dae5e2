/* dgemm on integer-valued doubles: every partial sum stays below 2^53, so any order of summation, fused or not, gives
 * the same integers. */
#include <cblas.h>
#include <string.h>

#include "base/memory.h"
#include "exact/gemm.h"
#include "exact/gemm_tiles.h"
#include "exact/halves.h"

enum {
    PANEL = 512, /* columns of a and b at a time, as doubles */
    MAX_PARTS = 2,
    PART_DIGITS = 2 /* digits of the low part of a q that is too long for one product */
};

/* q = part 1 · 2^14 + part 0. */
#define PART_UNIT 0x1p14

/* Workspace of a tile, of which C = high · 2^28 + middle · 2^14 + C itself. */
struct scratch {
    int n_part;                 /* of the q of b */
    double *middle;             /* m × n; NULL with one part */
    double *high;               /* m × n; NULL if every sum stays below 2^53 in C itself */
    double *panel_a;            /* m × up to PANEL */
    double *panel_b[MAX_PARTS]; /* n × up to PANEL each */
};

/* Digits of at most 64 spell |q| < 1.01 · 2^(7d − 1), so with D digits in all |q q'| < 1.02 · 2^(7D − 2).  Up to D = 4,
 * 2^26 columns stay below 2^53.  Up to D = 6, a panel of 2^9 columns adds less than 2^50, and what was carried before
 * leaves room for it.  Beyond, the q of b go in two parts: 2^27 times 2^13 is 2^40 again.  The high sum, as the
 * whole one over 2^28, stays below 2^53 for 2^26 columns. */
static int parts_of_b(int n_digits_in_all)
{
    return n_digits_in_all > 6 ? 2 : 1;
}

static int64_t workspace_bytes(int n_digit, int64_t m, int64_t n, int64_t k)
{
    int64_t rows = least(m, TILE_ROWS), columns = least(n, TILE_COLUMNS), parts = parts_of_b(2 * n_digit);
    int64_t sums = gemm_is_wide(2 * n_digit) ? parts : 0; /* besides C: the high one, and the middle one */
    return ((rows + parts * columns) * least(k, PANEL) + sums * rows * columns) * (int64_t)sizeof(double);
}

/* Which digits of which rows and columns a panel holds. */
struct window {
    int first_plane, end_plane;
    int64_t row, n_row;
    int64_t column, n_column;
};

/* panel[i, k] = the number that these digits spell. */
static void widen(const struct digits *digits, const struct window *window, double *restrict panel)
{
    const int64_t n = window->n_column;
    for (int64_t i = 0; i < window->n_row; i++, panel += n) {
        int64_t offset = (window->row + i) * digits->n_column + window->column;
        const int8_t *restrict top = digits->plane[window->first_plane] + offset;
        for (int64_t k = 0; k < n; k++)
            panel[k] = top[k];
        for (int j = window->first_plane + 1; j < window->end_plane; j++) {
            const int8_t *restrict digit = digits->plane[j] + offset;
            for (int64_t k = 0; k < n; k++)
                panel[k] = panel[k] * 128 + digit[k];
        }
    }
}

static void widen_tile(const struct gemm_tile *tile, const struct scratch *scratch, int64_t column, int64_t n_column)
{
    const int n_a = tile->a->n_digit, n_b = tile->b->n_digit, cut = scratch->n_part > 1 ? n_b - PART_DIGITS : 0;
    struct window window = {0, n_a, tile->a_row, tile->m, column, n_column};
    widen(tile->a, &window, scratch->panel_a);
    window = (struct window){cut, n_b, tile->b_row, tile->n, column, n_column};
    widen(tile->b, &window, scratch->panel_b[0]);
    if (scratch->n_part > 1) {
        window.first_plane = 0;
        window.end_plane = cut;
        widen(tile->b, &window, scratch->panel_b[1]);
    }
}

/* sum += weight times the panel of a times panel p of b, transposed: into C from panel 0, into the middle from 1. */
static void add_product(const struct gemm_tile *tile, const struct scratch *scratch, double weight, int p,
                        int64_t n_column)
{
    int k = to_int(n_column);
    double *sum = p == 0 ? tile->c : scratch->middle;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, to_int(tile->m), to_int(tile->n), k, weight, scratch->panel_a,
                k, scratch->panel_b[p], k, 1, sum, to_int(p == 0 ? tile->c_stride : tile->n));
}

/* Takes the products that are to be left out off the sum that has them; the panels are used up. */
static void take_off_products(const struct gemm_tile *tile, const struct scratch *scratch, int64_t column,
                              int64_t n_column)
{
    const int last = tile->a->n_digit - 1;
    for (int power = 0; power < tile->lowest; power++)
        for (int ja = last - power; ja <= last; ja++) {
            int jb = 2 * last - power - ja;
            struct window window = {ja, ja + 1, tile->a_row, tile->m, column, n_column};
            widen(tile->a, &window, scratch->panel_a);
            window = (struct window){jb, jb + 1, tile->b_row, tile->n, column, n_column};
            widen(tile->b, &window, scratch->panel_b[0]);
            add_product(tile, scratch, -(double)(1 << 7 * power), 0, n_column);
        }
}

static void carry(const struct gemm_tile *tile, const struct scratch *scratch)
{
    for (int64_t i = 0; i < tile->m; i++) {
        double *high = scratch->high + i * tile->n;
        halves_carry(high, tile->c + i * tile->c_stride, HALVES_UNIT, tile->n);
        if (scratch->middle != NULL)
            halves_carry(high, scratch->middle + i * tile->n, PART_UNIT, tile->n);
    }
}

static void join(const struct gemm_tile *tile, const struct scratch *scratch)
{
    for (int64_t i = 0; i < tile->m; i++) {
        double *low = tile->c + i * tile->c_stride;
        if (scratch->middle != NULL)
            halves_shift(low, scratch->middle + i * tile->n, PART_UNIT, tile->n);
        halves_join(scratch->high + i * tile->n, low, tile->n);
    }
}

static void multiply_tile(const struct gemm_tile *tile, void *memory)
{
    const struct scratch *scratch = memory;
    /* From +0, with beta = 1 throughout: no sum can become −0. */
    for (int64_t i = 0; i < tile->m; i++)
        memset(tile->c + i * tile->c_stride, 0, (size_t)tile->n * sizeof(double));
    if (scratch->high != NULL)
        memset(scratch->high, 0, (size_t)(tile->m * tile->n) * sizeof(double));
    if (scratch->middle != NULL)
        memset(scratch->middle, 0, (size_t)(tile->m * tile->n) * sizeof(double));
    for (int64_t column = 0; column < tile->a->n_column; column += PANEL) {
        int64_t n_column = least(PANEL, tile->a->n_column - column);
        widen_tile(tile, scratch, column, n_column);
        add_product(tile, scratch, 1, 0, n_column);
        if (scratch->middle != NULL)
            add_product(tile, scratch, 1, 1, n_column);
        take_off_products(tile, scratch, column, n_column);
        if (scratch->high != NULL)
            carry(tile, scratch);
    }
    if (scratch->high != NULL)
        join(tile, scratch);
}

/* Panels and sums in the workspace, for the largest tile. */
static struct scratch lay_out(const struct digits *a, int64_t m, const struct digits *b, double *workspace)
{
    const int64_t rows = least(m, TILE_ROWS), columns = least(b->n_row, TILE_COLUMNS),
                  width = least(a->n_column, PANEL);
    const int n_digits_in_all = a->n_digit + b->n_digit;
    struct scratch scratch = {.n_part = parts_of_b(n_digits_in_all), .panel_a = workspace};
    workspace += rows * width;
    for (int p = 0; p < scratch.n_part; p++, workspace += columns * width)
        scratch.panel_b[p] = workspace;
    if (gemm_is_wide(n_digits_in_all)) {
        scratch.high = workspace;
        workspace += rows * columns;
    }
    if (scratch.n_part > 1)
        scratch.middle = workspace;
    return scratch;
}

static void multiply_from(int lowest, const struct digits *a, int64_t a_row, int64_t m, const struct digits *b,
                          double *c, void *workspace)
{
    struct scratch scratch = lay_out(a, m, b, workspace);
    gemm_tiles((struct gemm_tile){.a = a, .b = b, .lowest = lowest}, a_row, m, c, multiply_tile, &scratch);
}

static void multiply(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, double *c,
                     void *workspace)
{
    multiply_from(0, a, a_row, m, b, c, workspace);
}

static void multiply_leading(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, double *c,
                             void *workspace)
{
    multiply_from(a->n_digit - 1, a, a_row, m, b, c, workspace);
}

const struct gemm_backend gemm_blas = {
    .name = "blas",
    .text = "dgemm of BLAS on integer-valued doubles: on any CPU",
    .multiply = multiply,
    .multiply_leading = multiply_leading,
    .workspace_bytes = workspace_bytes,
};
