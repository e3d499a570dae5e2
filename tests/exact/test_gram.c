/* Every way to make a Gram matrix must give the integers that plain 128-bit arithmetic gives, for 1 to 4 digits, panels
 * of any cut, rows in any pieces, and at the extremes of what an integer of Q can be. */
#include <math.h>

#include "aborts.h"
#include "base/memory.h"
#include "check.h"
#include "exact/gram.h"
#include "exact/gram_parts.h"
#include "exact/random.h"
#include "exact/sum.h"

__extension__ typedef __int128 wide;

/* Takes over integers of Q as they are: x = q on a grid of step 1. */
static void make(struct quantised *matrix, int n_digit, int64_t n_row, int64_t n, const int32_t *q, bool is_sparse)
{
    int *exponent = memory_allocate(n, sizeof *exponent);
    for (int64_t j = 0; j < n; j++)
        exponent[j] = 7 * n_digit - 1;
    struct rows rows;
    rows_init_dense(&rows, n_row, n);
    for (int64_t k = 0; k < n_row * n; k++)
        rows.dense[k] = q[k];
    quantised_init(matrix, n_digit, n, exponent, is_sparse);
    quantised_append(matrix, &rows);
    rows_clear(&rows);
    memory_free(exponent);
}

/* One in `rarity` is not zero; extremes are frequent. */
static int32_t *random_integers(int n_digit, int64_t n_row, int64_t n, int rarity, uint64_t seed)
{
    const int32_t largest = 1 << (7 * n_digit - 1);
    int32_t *q = memory_allocate(n_row * n, sizeof *q);
    for (int64_t k = 0; k < n_row * n; k++) {
        if (random_integer(&seed, 1, rarity) > 1 && k % n != 0)
            continue;
        int64_t kind = random_integer(&seed, 0, 9);
        q[k] = kind == 0   ? largest
               : kind == 1 ? -largest
                           : (int32_t)random_integer(&seed, -(int64_t)largest, (int64_t)largest);
    }
    return q;
}

static wide *by_hand(int64_t n_row, int64_t n, const int32_t *q)
{
    wide *g = memory_allocate(n * n, sizeof *g);
    for (int64_t r = 0; r < n_row; r++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j <= i && q[r * n + i] != 0; j++)
                g[i * n + j] += (wide)q[r * n + i] * q[r * n + j];
    return g;
}

static bool is_same(const struct gram_panel *panel, const wide *g)
{
    for (int64_t i = panel->first; i < panel->n; i++)
        for (int64_t j = panel->first; j < panel->first + panel->width; j++) {
            const int64_t at = (i - panel->first) * panel->width + j - panel->first;
            if (panel->low[at] < 0 || panel->low[at] >> 40 != 0)
                return false;
            if (j <= i && (wide)panel->high[at] * ((wide)1 << 40) + panel->low[at] != g[i * panel->n + j])
                return false;
        }
    return true;
}

/* All columns, in panels of one width. */
static void check_panels(const struct quantised *matrix, const wide *g, int64_t width, enum gram_backend backend)
{
    for (int64_t first = 0; first < matrix->n_column; first += width) {
        struct gram_panel panel;
        int64_t left = matrix->n_column - first;
        gram_panel_init(&panel, matrix->n_column, first, left < width ? left : width);
        gram_add(&panel, matrix, backend);
        CHECK(is_same(&panel, g));
        gram_panel_clear(&panel);
    }
}

/* Every backend, on dense and on sparse rows. */
static void check_backends(int n_digit, int64_t n_row, int64_t n, int rarity, const int64_t *widths)
{
    int32_t *q = random_integers(n_digit, n_row, n, rarity, (uint64_t)(n_digit * 1000 + n));
    wide *g = by_hand(n_row, n, q);
    for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
        struct quantised matrix;
        make(&matrix, n_digit, n_row, n, q, is_sparse);
        for (enum gram_backend backend = GRAM_AUTO; backend <= GRAM_SPARSE; backend++)
            for (int w = 0; widths[w] > 0 && (is_sparse || backend != GRAM_SPARSE); w++)
                check_panels(&matrix, g, widths[w], backend);
        quantised_clear(&matrix);
    }
    memory_free(q);
    memory_free(g);
}

/* Rows in pieces add up to the same words. */
static void check_pieces(int n_digit, bool is_sparse)
{
    enum { N_ROW = 90, N = 20, FIRST = 3, WIDTH = 9 };
    int32_t *q = random_integers(n_digit, N_ROW, N, 2, 5);
    wide *g = by_hand(N_ROW, N, q);
    for (int64_t piece = 7; piece < N_ROW; piece += 30) {
        struct gram_panel panel;
        gram_panel_init(&panel, N, FIRST, WIDTH);
        for (int64_t row = 0; row < N_ROW; row += piece) {
            struct quantised matrix;
            make(&matrix, n_digit, N_ROW - row < piece ? N_ROW - row : piece, N, q + row * N, is_sparse);
            gram_add(&panel, &matrix, GRAM_AUTO);
            quantised_clear(&matrix);
        }
        CHECK(is_same(&panel, g));
        gram_panel_clear(&panel);
    }
    memory_free(q);
    memory_free(g);
}

/* The largest integers everywhere, and the ones whose parts are largest, over more rows than any word could hold. */
static void check_extremes(int n_digit, int32_t value, int64_t n_row)
{
    enum { N = 5 };
    int32_t *q = memory_allocate(n_row * N, sizeof *q);
    for (int64_t k = 0; k < n_row * N; k++)
        q[k] = k % N == 3 ? -value : value;
    wide *g = memory_allocate(N * N, sizeof *g);
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++)
            g[i * N + j] = ((i == 3) != (j == 3) ? -1 : 1) * (wide)n_row * value * value;
    for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
        struct quantised matrix;
        make(&matrix, n_digit, n_row, N, q, is_sparse);
        check_panels(&matrix, g, N, GRAM_DGEMM);
        check_panels(&matrix, g, 2, GRAM_INT8);
        if (is_sparse)
            check_panels(&matrix, g, 2, GRAM_SPARSE);
        quantised_clear(&matrix);
    }
    memory_free(q);
    memory_free(g);
}

/* What is so large that speed is tried first: the two ways must still agree, on every entry of the panel. */
static void check_trial(void)
{
    enum { N_ROW = 150, N = 300, WIDTH = 290 };
    int32_t *q = random_integers(4, N_ROW, N, 1, 9);
    struct quantised matrix;
    struct gram_panel panel;
    make(&matrix, 4, N_ROW, N, q, false);
    gram_panel_init(&panel, N, 0, WIDTH);
    const double int8 = gram_trial(&panel, &matrix, &gram_int8), dgemm = gram_trial(&panel, &matrix, &gram_dgemm);
    CHECK(int8 > 0 && int8 < 1 && dgemm > 0 && dgemm < 1);
    for (int64_t k = 0; k < N * WIDTH; k++)
        if (panel.high[k] != 0 || panel.low[k] != 0)
            CHECK(!"a trial adds nothing");
    gram_panel_clear(&panel);
    quantised_clear(&matrix);
    memory_free(q);
}

/* ---- words as doubles ---- */

static void check_split_of(int64_t high, int64_t low)
{
    double first, second;
    gram_split(high, low, &first, &second);
    const wide value = (wide)high * ((wide)1 << 40) + low;
    CHECK((wide)first + (wide)second == value);
    CHECK(first + second == first); /* second is at most half a unit in the last place of first */
}

static void check_split(void)
{
    const int64_t unit = (int64_t)1 << 40, highs[] = {0,
                                                      1,
                                                      -1,
                                                      (int64_t)1 << 53,
                                                      ((int64_t)1 << 53) + 1,
                                                      INT64_MAX / 2,
                                                      INT64_MIN / 2,
                                                      ((int64_t)1 << 30) - 1,
                                                      -((int64_t)1 << 30)};
    const int64_t lows[] = {0, 1, unit - 1, unit / 2, unit, 3 * unit + 5, (int64_t)1 << 62};
    for (size_t h = 0; h < sizeof highs / sizeof *highs; h++)
        for (size_t l = 0; l < sizeof lows / sizeof *lows; l++)
            check_split_of(highs[h], lows[l]);
    uint64_t state = 1;
    for (int k = 0; k < 20000; k++) {
        const int high_bits = (int)random_integer(&state, 2, 62), low_bits = (int)random_integer(&state, 2, 62);
        const int64_t high = (int64_t)random_bits(&state) >> high_bits;
        check_split_of(high, (int64_t)(random_bits(&state) >> low_bits));
    }
}

/* ---- products with a column ---- */

static void check_cross(int n_digit, bool is_sparse, int64_t largest)
{
    enum { N_ROW = 700, N = 11, EXPONENT = -30 };
    int32_t *q = random_integers(n_digit, N_ROW, N, 2, 6);
    int64_t y[N_ROW];
    uint64_t state = 7;
    for (int64_t i = 0; i < N_ROW; i++) {
        int64_t kind = random_integer(&state, 0, 5);
        y[i] = kind == 0   ? largest
               : kind == 1 ? -largest
                           : (int64_t)(random_bits(&state) % (uint64_t)(2 * largest + 1)) - largest;
    }
    struct quantised matrix;
    struct sum *sums = memory_allocate(N, sizeof *sums);
    make(&matrix, n_digit, N_ROW, N, q, is_sparse);
    for (int64_t j = 0; j < N; j++)
        CHECK(sum_add(&sums[j], j, 3)); /* something is there before */
    gram_cross(&matrix, y, EXPONENT, sums);
    for (int64_t j = 0; j < N; j++) {
        struct sum expected = {0};
        CHECK(sum_add(&expected, j, 3));
        for (int64_t i = 0; i < N_ROW; i++) {
            const wide product = (wide)q[i * N + j] * y[i];
            const int64_t low = (int64_t)(product & 0xffffffff), high = (int64_t)((product - low) / ((wide)1 << 32));
            CHECK(sum_add(&expected, low, EXPONENT) && sum_add(&expected, high, EXPONENT + 32));
        }
        sum_normalise(&expected);
        sum_normalise(&sums[j]);
        CHECK(memcmp(&expected, &sums[j], sizeof expected) == 0);
    }
    memory_free(sums);
    memory_free(q);
    quantised_clear(&matrix);
}

/* The largest of both, all of one sign: the sum of all rows is beyond any word. */
static void check_cross_extremes(bool is_sparse)
{
    enum { N_ROW = 3000 };
    const int32_t largest = 1 << 27;
    int32_t q[N_ROW];
    int64_t y[N_ROW];
    for (int i = 0; i < N_ROW; i++) {
        q[i] = largest;
        y[i] = ((int64_t)1 << 54) - (1 << 26); /* both of its words are as large as they come */
    }
    struct quantised matrix;
    struct sum sum = {0}, expected = {0};
    make(&matrix, 4, N_ROW, 1, q, is_sparse);
    gram_cross(&matrix, y, 0, &sum);
    for (int i = 0; i < N_ROW; i++)
        CHECK(sum_add(&expected, y[i], 27));
    sum_normalise(&sum);
    sum_normalise(&expected);
    CHECK(memcmp(&sum, &expected, sizeof sum) == 0);
    quantised_clear(&matrix);
}

/* ---- bytes, and what is refused ---- */

static void check_bytes(void)
{
    CHECK(gram_workspace_bytes(4, 100000, 5000) < 150 << 20);
    CHECK(gram_workspace_bytes(1, 1, 1) > 0 && gram_workspace_bytes(1, 1, 1) < 2 << 20);
    CHECK(gram_workspace_bytes(4, 3000, 2000) >= 2048 * (256 + 2 * 1024) * 8); /* operands of dgemm */
}

static void add_sparse_to_dense(void)
{
    const int32_t q = 1;
    struct quantised matrix;
    struct gram_panel panel;
    make(&matrix, 1, 1, 1, &q, false);
    gram_panel_init(&panel, 1, 0, 1);
    gram_add(&panel, &matrix, GRAM_SPARSE);
}

static void add_other_width(void)
{
    const int32_t q = 1;
    struct quantised matrix;
    struct gram_panel panel;
    make(&matrix, 1, 1, 1, &q, false);
    gram_panel_init(&panel, 2, 0, 1);
    gram_add(&panel, &matrix, GRAM_AUTO);
}

static void cross_too_large(void)
{
    const int32_t q = 1;
    const int64_t y = ((int64_t)1 << 54) + 1;
    struct sum sum = {0};
    struct quantised matrix;
    make(&matrix, 1, 1, 1, &q, false);
    gram_cross(&matrix, &y, 0, &sum);
}

static void panel_beyond(void)
{
    struct gram_panel panel;
    gram_panel_init(&panel, 10, 8, 3);
}

static void check_refusals(void)
{
    void (*const calls[])(void) = {add_sparse_to_dense, add_other_width, cross_too_large, panel_beyond};
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
        CHECK(aborts(calls[c]));
}

int main(void)
{
    for (int d = 1; d <= 4; d++) {
        const int32_t largest = 1 << (7 * d - 1);
        check_backends(d, 30, 13, 1, (const int64_t[]){1, 2, 5, 13, 0});
        check_backends(d, 0, 4, 1, (const int64_t[]){4, 0});
        check_backends(d, 9, 300, 4, (const int64_t[]){130, 0});
        check_pieces(d, false);
        check_pieces(d, true);
        check_extremes(d, largest, 2500);         /* more than a block of dgemm */
        check_extremes(d, largest / 2 + 1, 8200); /* more than a block of bytes */
        check_cross(d, false, (int64_t)1 << 54);
        check_cross(d, true, (int64_t)1 << 54);
        check_cross(d, true, 1 << 26);
    }
    check_backends(4, 8, 1060, 100, (const int64_t[]){1040, 0}); /* several tiles either way */
    check_extremes(4, (1 << 26) - (1 << 13), 2500);
    check_extremes(4, (1 << 26) - (1 << 13) - 1, 2500);
    check_cross_extremes(false);
    check_cross_extremes(true);
    check_trial();
    check_split();
    check_bytes();
    check_refusals();
    return check_end();
}
