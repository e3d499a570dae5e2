/* Dense and sparse rows of the same numbers must read alike, keep what is added to them in any pieces, and refuse what
 * is not in order. */
#include <math.h>

#include "aborts.h"
#include "base/memory.h"
#include "check.h"
#include "exact/random.h"
#include "exact/rows.h"

enum { N_ROW = 57, N_COLUMN = 23 };

/* About one number in three is not zero; row 5 is empty, row 6 full. */
static double number(int64_t i, int64_t j)
{
    uint64_t state = (uint64_t)(i * 1000 + j);
    double value = random_scaled(&state, -20, 20);
    bool is_zero = i == 5 || (i != 6 && random_bits(&state) % 3 != 0);
    return is_zero ? 0 : value;
}

static void make_dense(struct rows *rows, int64_t first, int64_t n)
{
    rows_init_dense(rows, n, N_COLUMN);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < N_COLUMN; j++)
            rows->dense[i * N_COLUMN + j] = number(first + i, j);
}

/* Every number is handed over, zeros too. */
static void make_sparse(struct rows *rows, int64_t first, int64_t n)
{
    int32_t column[N_COLUMN];
    double value[N_COLUMN];
    rows_init_sparse(rows, N_COLUMN);
    for (int64_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < N_COLUMN; j++) {
            column[j] = j;
            value[j] = number(first + i, j);
        }
        rows_add(rows, N_COLUMN, column, value);
    }
}

static void check_numbers(const struct rows *rows)
{
    double out[N_COLUMN];
    CHECK(rows->n_row == N_ROW && rows->n_column == N_COLUMN);
    for (int64_t i = 0; i < N_ROW; i++) {
        for (int64_t j = 0; j < N_COLUMN; j++)
            out[j] = NAN;
        rows_get(rows, i, out);
        for (int64_t j = 0; j < N_COLUMN; j++)
            CHECK(out[j] == number(i, j));
    }
}

static void check_order(const struct rows *rows)
{
    CHECK(rows->start[0] == 0);
    for (int64_t i = 0; i < rows->n_row; i++)
        for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++) {
            CHECK(rows->value[e] != 0);
            CHECK(e == rows->start[i] || rows->column[e] > rows->column[e - 1]);
        }
    CHECK(rows->start[6] == rows->start[5] && rows->start[7] == rows->start[6] + N_COLUMN);
}

/* −0 is not +0. */
static bool is_same(double a, double b)
{
    return a == b && signbit(a) == signbit(b);
}

/* The sum in order of columns, zeros and all. */
static void check_dots(const struct rows *dense, const struct rows *sparse)
{
    double v[N_COLUMN];
    uint64_t state = 3;
    for (int64_t j = 0; j < N_COLUMN; j++)
        v[j] = random_scaled(&state, -3, 3);
    v[4] = -0.0;
    for (int64_t i = 0; i < N_ROW; i++) {
        double sum = 0;
        for (int64_t j = 0; j < N_COLUMN; j++)
            sum += number(i, j) * v[j];
        double from_dense = rows_dot(dense, i, v), from_sparse = rows_dot(sparse, i, v);
        CHECK(is_same(from_dense, sum));
        CHECK(is_same(from_sparse, sum));
    }
}

/* The same rows in pieces of every size. */
static void check_pieces(int64_t piece)
{
    struct rows dense, sparse, part;
    rows_init_dense(&dense, 0, N_COLUMN);
    rows_init_sparse(&sparse, N_COLUMN);
    for (int64_t first = 0; first < N_ROW; first += piece) {
        int64_t n = N_ROW - first < piece ? N_ROW - first : piece;
        make_dense(&part, first, n);
        rows_append(&dense, &part);
        rows_clear(&part);
        make_sparse(&part, first, n);
        rows_append(&sparse, &part);
        rows_clear(&part);
    }
    check_numbers(&dense);
    check_numbers(&sparse);
    check_order(&sparse);
    check_dots(&dense, &sparse);
    rows_clear(&dense);
    rows_clear(&sparse);
}

/* ---- what is refused ---- */

static void add(int64_t n, const int32_t *column)
{
    const double value[] = {1, 2, 3};
    struct rows rows;
    rows_init_sparse(&rows, N_COLUMN);
    rows_add(&rows, n, column, value);
}

static void add_descending(void)
{
    add(2, (const int32_t[]){3, 2});
}

static void add_twice(void)
{
    add(2, (const int32_t[]){3, 3});
}

static void add_negative(void)
{
    add(1, (const int32_t[]){-1});
}

static void add_beyond(void)
{
    add(1, (const int32_t[]){N_COLUMN});
}

static void add_to_dense(void)
{
    struct rows rows;
    rows_init_dense(&rows, 1, 1);
    rows_add(&rows, 0, NULL, NULL);
}

static void append_other_kind(void)
{
    struct rows dense, sparse;
    rows_init_dense(&dense, 1, 1);
    rows_init_sparse(&sparse, 1);
    rows_append(&dense, &sparse);
}

static void append_other_width(void)
{
    struct rows one, two;
    rows_init_sparse(&one, 1);
    rows_init_sparse(&two, 2);
    rows_append(&one, &two);
}

static void make_too_many(void)
{
    struct rows rows;
    rows_init_dense(&rows, INT64_MAX / 2, 3);
}

static void get_beyond(void)
{
    struct rows rows;
    double out;
    rows_init_dense(&rows, 1, 1);
    rows_get(&rows, 1, &out);
}

static void check_refusals(void)
{
    void (*const calls[])(void) = {add_descending,    add_twice,          add_negative,  add_beyond, add_to_dense,
                                   append_other_kind, append_other_width, make_too_many, get_beyond};
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
        CHECK(aborts(calls[c]));
}

int main(void)
{
    struct rows rows;
    make_dense(&rows, 0, N_ROW);
    CHECK(rows_are_dense(&rows));
    check_numbers(&rows);
    rows_clear(&rows);
    make_sparse(&rows, 0, N_ROW);
    CHECK(!rows_are_dense(&rows));
    check_numbers(&rows);
    check_order(&rows);
    rows_clear(&rows);
    for (int64_t piece = 1; piece <= N_ROW; piece += piece < 5 ? 1 : 13)
        check_pieces(piece);
    check_refusals();
    return check_end();
}
