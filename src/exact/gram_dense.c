#include <math.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/gram_parts.h"

enum { TRIAL_ROWS = 2048 };

/* One block of rows of Q against one tile of columns of the panel. */
struct sweep {
    struct gram_panel *panel;
    const struct quantised *matrix;
    const struct gram_products *products;
    struct gram_operand left, right;
    int64_t row, n_row; /* of Q */
    double *c;          /* owned, as the next two; GRAM_TILE_ROWS × GRAM_TILE_COLUMNS */
    int32_t *q;         /* a tile of a sparse Q; else NULL */
    void *workspace;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- operands ---- */

static int64_t round_up(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

int64_t gram_dense_bytes(const struct gram_products *products, int n_digit, int64_t n_column, int64_t width)
{
    const int64_t rows = products->block_rows, wide = least(width, GRAM_TILE_COLUMNS);
    const int64_t high = least(n_column, GRAM_TILE_ROWS);
    return round_up(products->operand_bytes(n_digit, true, rows, high)) +
           round_up(products->operand_bytes(n_digit, false, rows, wide)) +
           round_up(products->workspace_bytes(n_digit)) + round_up(high * wide * (int64_t)sizeof(double)) +
           round_up(rows * (wide > high ? wide : high) * (int64_t)sizeof(int32_t));
}

/* With room for so many rows and columns. */
static struct gram_operand create_operand(const struct gram_products *products, int n_digit, bool is_left,
                                          int64_t n_row, int64_t n_column)
{
    return (struct gram_operand){
        .n_digit = n_digit,
        .n_part = products->n_part(n_digit, is_left),
        .memory = memory_allocate_raw(products->operand_bytes(n_digit, is_left, n_row, n_column), 1),
    };
}

/* Integers of the present rows of Q, columns [column, column + n). */
static struct gram_view view(const struct sweep *sweep, int64_t column, int64_t n)
{
    const struct quantised *matrix = sweep->matrix;
    if (quantised_is_dense(matrix))
        return (struct gram_view){matrix->dense + sweep->row * matrix->n_column + column, sweep->n_row, n,
                                  matrix->n_column};
    memset(sweep->q, 0, (size_t)(sweep->n_row * n) * sizeof *sweep->q);
    for (int64_t i = 0; i < sweep->n_row; i++) {
        const int64_t end = matrix->start[sweep->row + i + 1];
        int32_t *row = sweep->q + i * n;
        for (int64_t e = gram_find(matrix, sweep->row + i, column); e < end && matrix->column[e] < column + n; e++)
            row[matrix->column[e] - column] = matrix->q[e];
    }
    return (struct gram_view){sweep->q, sweep->n_row, n, n};
}

static void prepare(const struct sweep *sweep, struct gram_operand *operand, int64_t column, int64_t n)
{
    operand->n_row = sweep->n_row;
    operand->n_column = n;
    const struct gram_view from = view(sweep, column, n);
    sweep->products->prepare(operand, &from);
}

/* ---- sums ---- */

/* high · 2^40 + low += c · 2^shift for n elements, integers of at most 2^51.  c + 1.5 · 2^52 has c + 2^51 in the last
 * 52 bits of a double; with 2^62 added to c it is positive, and what moves to the high word is a shift and a mask.  A
 * plain loop over integers: vectorisable without instructions for signed shifts or conversions. */
VECTORISED
static void add_integers(int64_t *restrict high, int64_t *restrict low, const double *restrict c, int shift, int64_t n)
{
    const double magic = 0x1.8p52;
    uint64_t magic_bits;
    memcpy(&magic_bits, &magic, sizeof magic_bits);
    const uint64_t bias = (uint64_t)1 << 62;
    const uint64_t mask = ((uint64_t)1 << (GRAM_LOW_BITS - shift)) - 1, low_mask = ((uint64_t)1 << GRAM_LOW_BITS) - 1;
    for (int64_t j = 0; j < n; j++) {
        double moved = c[j] + magic;
        uint64_t bits;
        memcpy(&bits, &moved, sizeof bits);
        bits += bias - magic_bits;
        uint64_t sum = (uint64_t)low[j] + ((bits & mask) << shift);
        high[j] +=
            (int64_t)((bits >> (GRAM_LOW_BITS - shift)) - (bias >> (GRAM_LOW_BITS - shift)) + (sum >> GRAM_LOW_BITS));
        low[j] = (int64_t)(sum & low_mask);
    }
}

/* The tile of G that starts at (row, column), n columns of it. */
static void add_tile(const struct sweep *sweep, int64_t row, int64_t column, int64_t n)
{
    const struct gram_panel *panel = sweep->panel;
    for (int left = 0; left < sweep->left.n_part; left++)
        for (int right = 0; right < sweep->right.n_part; right++) {
            sweep->products->multiply(&sweep->left, left, &sweep->right, right, n, sweep->c, sweep->workspace);
            for (int64_t i = 0; i < sweep->left.n_column; i++) {
                int64_t at = (row + i - panel->first) * panel->width + column - panel->first;
                add_integers(panel->high + at, panel->low + at, sweep->c + i * n, GRAM_PART_BITS * (left + right), n);
            }
        }
}

/* ---- all of it ---- */

/* The present rows of Q: tiles of the lower triangle, whole where they cross the diagonal. */
static void add_rows(struct sweep *sweep)
{
    const struct gram_panel *panel = sweep->panel;
    const int64_t end = panel->first + panel->width;
    for (int64_t column = panel->first; column < end; column += GRAM_TILE_COLUMNS) {
        prepare(sweep, &sweep->right, column, least(GRAM_TILE_COLUMNS, end - column));
        for (int64_t row = column; row < panel->n; row += GRAM_TILE_ROWS) {
            const int64_t m = least(GRAM_TILE_ROWS, panel->n - row);
            prepare(sweep, &sweep->left, row, m);
            add_tile(sweep, row, column, least(sweep->right.n_column, row + m - column));
        }
    }
}

static struct sweep begin(struct gram_panel *panel, const struct quantised *matrix,
                          const struct gram_products *products)
{
    const int d = matrix->n_digit;
    const int64_t rows = least(products->block_rows, matrix->n_row), high = least(panel->n, GRAM_TILE_ROWS);
    const int64_t wide = least(panel->width, GRAM_TILE_COLUMNS), widest = wide > high ? wide : high;
    return (struct sweep){
        .panel = panel,
        .matrix = matrix,
        .products = products,
        .left = create_operand(products, d, true, rows, high),
        .right = create_operand(products, d, false, rows, wide),
        .c = memory_allocate_raw(high * wide, sizeof(double)),
        .q = quantised_is_dense(matrix) ? NULL : memory_allocate_raw(rows * widest, sizeof(int32_t)),
        .workspace = memory_allocate_raw(products->workspace_bytes(d), 1),
    };
}

static void end(struct sweep *sweep)
{
    memory_free(sweep->left.memory);
    memory_free(sweep->right.memory);
    memory_free(sweep->c);
    memory_free(sweep->q);
    memory_free(sweep->workspace);
}

void gram_add_dense(struct gram_panel *panel, const struct quantised *matrix, const struct gram_products *products)
{
    struct sweep sweep = begin(panel, matrix, products);
    for (; sweep.row < matrix->n_row; sweep.row += products->block_rows) {
        sweep.n_row = least(products->block_rows, matrix->n_row - sweep.row);
        add_rows(&sweep);
    }
    end(&sweep);
}

/* ---- how fast it is here ---- */

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double gram_trial(struct gram_panel *panel, const struct quantised *matrix, const struct gram_products *products)
{
    struct sweep sweep = begin(panel, matrix, products);
    sweep.n_row = least(TRIAL_ROWS, least(products->block_rows, matrix->n_row));
    double best = HUGE_VAL;
    for (int trial = 0; trial < 2; trial++) {
        double start = seconds();
        prepare(&sweep, &sweep.right, panel->first, least(GRAM_TILE_ROWS, panel->width));
        prepare(&sweep, &sweep.left, panel->first, least(GRAM_TILE_ROWS, panel->n - panel->first));
        for (int left = 0; left < sweep.left.n_part; left++)
            for (int right = 0; right < sweep.right.n_part; right++)
                products->multiply(&sweep.left, left, &sweep.right, right, sweep.right.n_column, sweep.c,
                                   sweep.workspace);
        double time = seconds() - start;
        best = time < best ? time : best;
    }
    end(&sweep);
    return best / (double)sweep.n_row;
}
