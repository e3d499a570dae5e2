/* 8-bit products of digits, in parts of two digits each. */
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/digits.h"
#include "exact/gemm.h"
#include "exact/gram_parts.h"

enum {
    BLOCK_ROWS = 8128, /* an odd multiple of 64 bytes: columns of digits do not fall on the same lines of a cache */
    PART_DIGITS = 2,
    DIGIT_BITS = 7,
    GROUP = 4, /* rows whose digits are written as one word */
    RUN = 64   /* columns at a time */
};

static int n_part(int n_digit, bool is_left)
{
    (void)is_left;
    return n_digit <= PART_DIGITS ? 1 : 2;
}

/* Rows of Q in whole groups. */
static int64_t length_of(int64_t n_row)
{
    return (n_row + GROUP - 1) / GROUP * GROUP;
}

static int64_t operand_bytes(int n_digit, bool is_left, int64_t n_row, int64_t n_column)
{
    (void)is_left;
    return n_digit * length_of(n_row) * n_column;
}

static int64_t workspace_bytes(int n_digit)
{
    return gemm_onednn.workspace_bytes(n_digit < PART_DIGITS ? n_digit : PART_DIGITS, GRAM_TILE_ROWS, GRAM_TILE_COLUMNS,
                                       BLOCK_ROWS);
}

/* Some columns of 4 rows of Q, and a digit of each: the rows' digits side by side in the bytes of a word, the first in
 * the lowest. */
struct group {
    int32_t q[GROUP][RUN];
    uint32_t word[RUN];
};

/* Takes the least significant digit, in [−64, 63], off each q; the quotient is exact. */
VECTORISED
static void take_digit(struct group *group)
{
    for (int j = 0; j < RUN; j++) {
        uint32_t word = 0;
        for (int r = 0; r < GROUP; r++) {
            int32_t s = ((group->q[r][j] + 64) & 127) - 64;
            group->q[r][j] = (group->q[r][j] - s) >> DIGIT_BITS;
            word |= ((uint32_t)s & 255) << 8 * r;
        }
        group->word[j] = word;
    }
}

/* What is left of |q| ≤ 2^(7d − 1) after d − 1 digits is in [−64, 64]: the most significant digit. */
VECTORISED
static void take_rest(struct group *group)
{
    for (int j = 0; j < RUN; j++) {
        uint32_t word = 0;
        for (int r = 0; r < GROUP; r++)
            word |= ((uint32_t)group->q[r][j] & 255) << 8 * r;
        group->word[j] = word;
    }
}

static void load(struct group *group, const struct gram_view *view, int64_t row, int64_t column, int64_t n)
{
    memset(group->q, 0, sizeof group->q);
    for (int64_t r = 0; r < GROUP && row + r < view->n_row; r++)
        memcpy(group->q[r], view->q + (row + r) * view->stride + column, (size_t)n * sizeof *view->q);
}

/* Planes of digits, the least significant first, each n_column × length: the rows of Q are what products run along. */
static int8_t *plane_of(const struct gram_operand *operand, int digit)
{
    return (int8_t *)operand->memory + digit * length_of(operand->n_row) * operand->n_column;
}

static void prepare(const struct gram_operand *operand, const struct gram_view *view)
{
    const int64_t length = length_of(view->n_row);
    const int last = operand->n_digit - 1;
    struct group group;
    for (int64_t column = 0; column < view->n_column; column += RUN) {
        const int64_t n = view->n_column - column < RUN ? view->n_column - column : RUN;
        for (int64_t row = 0; row < length; row += GROUP) {
            load(&group, view, row, column, n);
            for (int digit = 0; digit <= last; digit++) {
                if (digit < last)
                    take_digit(&group);
                else
                    take_rest(&group);
                int8_t *out = plane_of(operand, digit) + column * length + row;
                for (int64_t j = 0; j < n; j++)
                    memcpy(out + j * length, &group.word[j], sizeof group.word[j]);
            }
        }
    }
}

/* Part 0 has the two least significant digits, part 1 the others. */
static struct digits digits_of(const struct gram_operand *operand, int part, int64_t n)
{
    const int first = part * PART_DIGITS, end = part == operand->n_part - 1 ? operand->n_digit : PART_DIGITS;
    struct digits digits = {.n_digit = end - first, .n_row = n, .n_column = length_of(operand->n_row)};
    for (int digit = first; digit < end; digit++)
        digits.plane[end - 1 - digit] = plane_of(operand, digit);
    return digits;
}

static void multiply(const struct gram_operand *left, int left_part, const struct gram_operand *right, int right_part,
                     int64_t n, double *c, void *workspace)
{
    const struct digits a = digits_of(left, left_part, left->n_column);
    const struct digits b = digits_of(right, right_part, n);
    gemm_onednn.multiply(&a, 0, a.n_row, &b, c, workspace);
}

const struct gram_products gram_int8 = {
    .block_rows = BLOCK_ROWS,
    .n_part = n_part,
    .operand_bytes = operand_bytes,
    .workspace_bytes = workspace_bytes,
    .prepare = prepare,
    .multiply = multiply,
};
