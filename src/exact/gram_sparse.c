/* Outer products of the entries of sparse rows, into the low words.
 *
 * Products of two 27-bit integers are up to 2^54, so that a word may be full after 512 of them.  Σ q² of a column since
 * its words were last emptied bounds every one of them, |Σ q_i q_j| ≤ √(Σ q_i² Σ q_j²), so a row and a column of the
 * panel are carried together when their own Σ q² reaches 2^62: seldom, and few words at a time. */
#include "base/memory.h"
#include "base/vector.h"
#include "exact/gram_parts.h"

static const uint64_t LARGEST_SQUARES = (uint64_t)1 << 62;

int64_t gram_find(const struct quantised *matrix, int64_t i, int64_t column)
{
    int64_t first = matrix->start[i], end = matrix->start[i + 1];
    while (first < end) {
        int64_t middle = first + (end - first) / 2;
        if (matrix->column[middle] < column)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

int64_t gram_sparse_bytes(int64_t n_column)
{
    return n_column * (int64_t)sizeof(uint64_t);
}

/* After it 0 ≤ low < 2^40; |low| < 2^63 before. */
static inline void carry(int64_t *high, int64_t *low)
{
    const uint64_t bias = (uint64_t)1 << 63, mask = ((uint64_t)1 << GRAM_LOW_BITS) - 1;
    uint64_t biased = (uint64_t)*low + bias;
    *high += (int64_t)((biased >> GRAM_LOW_BITS) - (bias >> GRAM_LOW_BITS));
    *low = (int64_t)(biased & mask);
}

VECTORISED
static void carry_words(int64_t *restrict high, int64_t *restrict low, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        carry(high + k, low + k);
}

/* Every word that products with column `column` of Q go to: a row of the panel, and a column if it has it. */
static void carry_column(struct gram_panel *panel, int64_t column)
{
    const int64_t at = column - panel->first, width = panel->width, n_row = panel->n - panel->first;
    carry_words(panel->high + at * width, panel->low + at * width, at < width ? at : width);
    for (int64_t i = at; i < n_row && at < width; i++)
        carry(panel->high + i * width + at, panel->low + i * width + at);
}

/* Before entries [first, end) of Q are multiplied with each other. */
static void make_room(struct gram_panel *panel, const struct quantised *matrix, int64_t first, int64_t end,
                      uint64_t *squares)
{
    for (int64_t e = first; e < end; e++) {
        const int64_t column = matrix->column[e];
        const uint64_t square = (uint64_t)((int64_t)matrix->q[e] * matrix->q[e]);
        if (squares[column] + square > LARGEST_SQUARES) {
            carry_column(panel, column);
            squares[column] = 0;
        }
        squares[column] += square;
    }
}

/* row[column[f] − first] += q · other[f] for n entries.  The same places of `next` are asked for, since nobody else
 * foresees them: it is the row whose turn it is afterwards. */
static void add_entries(int64_t *restrict row, const int64_t *next, int64_t first, const int32_t *restrict column,
                        const int32_t *restrict other, int64_t n, int64_t q)
{
    for (int64_t f = 0; f < n; f++) {
        __builtin_prefetch(next + (column[f] - first), 1);
        row[column[f] - first] += q * other[f];
    }
}

/* Entries [first, end) of a row of Q, all in or behind the panel's columns; those up to `inner` are in them. */
static void add_row(struct gram_panel *panel, const struct quantised *matrix, int64_t first, int64_t inner, int64_t end)
{
    for (int64_t e = first; e < end; e++) {
        const int64_t n = (e < inner ? e + 1 : inner) - first, after = e + 1 < end ? e + 1 : e;
        int64_t *row = panel->low + (matrix->column[e] - panel->first) * panel->width;
        const int64_t *next = panel->low + (matrix->column[after] - panel->first) * panel->width;
        add_entries(row, next, panel->first, matrix->column + first, matrix->q + first, n, matrix->q[e]);
    }
}

void gram_add_sparse(struct gram_panel *panel, const struct quantised *matrix)
{
    uint64_t *squares = memory_allocate(panel->n, sizeof *squares);
    for (int64_t i = 0; i < matrix->n_row; i++) {
        const int64_t first = gram_find(matrix, i, panel->first), end = matrix->start[i + 1];
        const int64_t inner = gram_find(matrix, i, panel->first + panel->width);
        if (first == inner)
            continue;
        make_room(panel, matrix, first, end, squares);
        add_row(panel, matrix, first, inner, end);
    }
    memory_free(squares);
    carry_words(panel->high, panel->low, (panel->n - panel->first) * panel->width);
}
