/* Both backends give the nearest double to the exact integer, entry by entry, and so the same bits: for every number of
 * digits, at every edge of their tiles and blocks, and for the largest digits. */
#include "exact/gemm.h"

#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "exact/aborts.h"
#include "exact/random.h"

static void fill(struct digits *digits, int n_digit, int64_t n_row, int64_t n_column, uint64_t *seed)
{
    digits_init(digits, n_digit, n_row, n_column);
    double *x = memory_allocate(n_row * n_column, sizeof *x);
    for (int64_t k = 0; k < n_row * n_column; k++)
        x[k] = random_scaled(seed, -9, 0);
    digits_set_double(digits, 0, n_row, x);
    memory_free(x);
}

/* C by a backend, in memory that shows what is written outside of it and of the workspace; the caller owns it. */
static double *multiply(const struct gemm_backend *backend, const struct digits *a, int64_t a_row, int64_t m,
                        const struct digits *b)
{
    const int64_t guard = 256, entries = m * b->n_row;
    int n_digit = a->n_digit > b->n_digit ? a->n_digit : b->n_digit;
    int64_t bytes = backend->workspace_bytes(n_digit, m, b->n_row, a->n_column);
    unsigned char *workspace = memory_allocate(bytes + guard, 1);
    double *c = memory_allocate(entries + guard, sizeof *c);
    memset(workspace, 0xa5, (size_t)(bytes + guard));
    memset(c, 0xa5, (size_t)(entries + guard) * sizeof *c);
    backend->multiply(a, a_row, m, b, c, workspace);
    bool intact = true;
    for (int64_t i = 0; i < guard; i++)
        intact = intact && workspace[bytes + i] == 0xa5;
    for (int64_t i = 0; i < guard * (int64_t)sizeof *c; i++)
        intact = intact && ((unsigned char *)(c + entries))[i] == 0xa5;
    CHECK(intact);
    memory_free(workspace);
    return c;
}

/* Compares up to n_entry entries of C, or all, with the scalar reference, and the backends with each other. */
static void check_product(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, int64_t n_entry)
{
    uint64_t seed = 99;
    double *first = multiply(gemm_backends[0], a, a_row, m, b);
    for (int backend = 1; gemm_backends[backend] != NULL; backend++) {
        double *c = multiply(gemm_backends[backend], a, a_row, m, b);
        CHECK(memcmp(first, c, (size_t)(m * b->n_row) * sizeof *c) == 0);
        memory_free(c);
    }
    bool equal = true;
    int64_t all = m * b->n_row;
    for (int64_t e = 0; e < (n_entry < all ? n_entry : all); e++) {
        int64_t at = n_entry < all ? (int64_t)(random_bits(&seed) % (uint64_t)all) : e;
        double exact = wide_integer_to_double(gemm_entry(a, a_row + at / b->n_row, b, at % b->n_row));
        equal = equal && memcmp(first + at, &exact, sizeof exact) == 0;
    }
    CHECK(equal);
    memory_free(first);
}

static void test_shapes(void)
{
    static const int64_t shapes[][3] = {/* m, n, k */ {1, 1, 1},
                                        {1, 1, 2},
                                        {3, 5, 7},
                                        {17, 33, 130},
                                        {40, 24, 513},
                                        {513, 3, 19},
                                        {2, 1030, 5},
                                        {515, 1027, 2},
                                        {4, 3, 0},
                                        {0, 3, 4}};
    uint64_t seed = 7;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int da = 1; da <= MAX_DIGITS; da++)
            for (int db = 1; db <= MAX_DIGITS; db++) {
                if (shapes[s][0] * shapes[s][1] > 100000 && da != db)
                    continue; /* the big one is about tiles */
                struct digits a, b;
                fill(&a, da, shapes[s][0] + 2, shapes[s][2], &seed);
                fill(&b, db, shapes[s][1], shapes[s][2], &seed);
                check_product(&a, 1, shapes[s][0], &b, 2000);
                digits_clear(&a);
                digits_clear(&b);
            }
}

/* Contractions over more than a block of columns. */
static void test_long(void)
{
    uint64_t seed = 8;
    for (int da = 1; da <= MAX_DIGITS; da++) {
        struct digits a, b;
        fill(&a, da, 3, (1 << 16) + 5, &seed);
        fill(&b, MAX_DIGITS + 1 - da, 2, (1 << 16) + 5, &seed);
        check_product(&a, 0, 3, &b, 6);
        check_product(&a, 0, 3, &a, 9);
        digits_clear(&a);
        digits_clear(&b);
    }
}

/* All digits ±64 over 2^18 + 3 columns: rows of equal, opposite and alternating signs.  Every partial sum is as large
 * as it can become, and 8-bit multipliers that saturate would show. */
static void test_largest(void)
{
    enum { N_COLUMN = (1 << 18) + 3, N_ROW = 3 };
    for (int n_digit = 1; n_digit <= MAX_DIGITS; n_digit++) {
        struct digits a;
        digits_init(&a, n_digit, N_ROW, N_COLUMN);
        for (int j = 0; j < n_digit; j++)
            for (int64_t k = 0; k < N_COLUMN; k++) {
                a.plane[j][k] = 64;
                a.plane[j][N_COLUMN + k] = -64;
                a.plane[j][2 * N_COLUMN + k] = (int8_t)(k % 2 ? -64 : 64);
            }
        memory_free(a.sum);
        a.sum = NULL; /* more than digits that are made of numbers: two of these do not add up to a byte */
        check_product(&a, 0, N_ROW, &a, 9);
        double *c = multiply(&gemm_onednn, &a, 0, N_ROW, &a);
        double q = 64 * (ldexp(1, 7 * n_digit) - 1) / 127, square = (double)((long double)q * q * N_COLUMN);
        CHECK(c[0] == square && c[1] == -square && c[4] == square && c[8] == square);
        CHECK(c[2] == q * q && c[5] == -(q * q));
        memory_free(c);
        digits_clear(&a);
    }
}

/* Columns [0, h) large, [h, 2h) their opposites, and a last 1; h no multiple of any block. */
static void fill_opposites(int8_t *a, int8_t *b, int64_t n)
{
    enum { PERIOD = 4099 };
    const int64_t h = n / 2;
    uint64_t seed = 31;
    for (int64_t k = 0; k < h; k++) {
        b[k] = k < PERIOD ? (int8_t)random_integer(&seed, -64, -60) : b[k - PERIOD];
        b[h + k] = a[k] = b[k];
        a[h + k] = (int8_t)-b[k];
    }
    a[2 * h] = b[2 * h] = 1;
}

/* Long contractions of large digits that cancel: the sum is the last term alone, if nothing was rounded on the way. One
 * plane of bytes stands for all: q = s (128^d − 1) / 127. */
static void test_cancellation(void)
{
    static const struct {
        int n_digit_a, n_digit_b;
        int64_t n_column;
    } cases[] = {{2, 2, (1 << 17) + 2003}, {3, 2, (1 << 24) + 2003}, {2, 3, (1 << 20) + 2003}, {3, 3, (1 << 20) + 2003},
                 {4, 3, (1 << 20) + 2003}, {3, 4, (1 << 18) + 2003}, {4, 4, (1 << 24) + 2003}};
    int exponent = 0;
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        const int64_t n = cases[t].n_column;
        int8_t *x = memory_allocate(n, 1), *y = memory_allocate(n, 1);
        fill_opposites(x, y, n);
        struct digits a = {cases[t].n_digit_a, 1, n, {x, x, x, x}, NULL, &exponent};
        struct digits b = {cases[t].n_digit_b, 1, n, {y, y, y, y}, NULL, &exponent};
        double exact = (double)(((1 << 7 * a.n_digit) - 1) / 127) * (double)(((1 << 7 * b.n_digit) - 1) / 127);
        for (int backend = 0; gemm_backends[backend] != NULL; backend++) {
            double *c = multiply(gemm_backends[backend], &a, 0, 1, &b);
            CHECK(c[0] == exact);
            memory_free(c);
        }
        memory_free(x);
        memory_free(y);
    }
}

/* The longest contraction of the largest digits whose sum is one double all the way. */
static void test_longest(void)
{
    int exponent = 0;
    int8_t *plane = memory_allocate(GEMM_MAX_COLUMN, 1);
    memset(plane, -64, GEMM_MAX_COLUMN);
    plane[12345] = 1;
    struct digits a = {2, 1, GEMM_MAX_COLUMN, {plane, plane}, NULL, &exponent};
    for (int backend = 0; gemm_backends[backend] != NULL; backend++) {
        double *c = multiply(gemm_backends[backend], &a, 0, 1, &a);
        CHECK(c[0] == 129.0 * 129 * ((GEMM_MAX_COLUMN - 1) * 4096.0 + 1));
        memory_free(c);
    }
    memory_free(plane);
}

/* The planes of a product, joined, are the product; also of the largest digits that there are. */
static void check_planes(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b)
{
    for (int backend = 0; gemm_backends[backend] != NULL; backend++) {
        if (gemm_backends[backend]->multiply_planes == NULL)
            continue;
        double *exact = multiply(gemm_backends[backend], a, a_row, m, b), weight[GEMM_MAX_PLANE];
        double *c = memory_allocate(b->n_row, sizeof *c);
        int n_plane = gemm_n_plane(a->n_digit, 0);
        int32_t *planes[GEMM_MAX_PLANE] = {0};
        for (int w = 0; w < n_plane; w++)
            planes[w] = memory_allocate(m * b->n_row, sizeof(int32_t));
        gemm_backends[backend]->multiply_planes(a, a_row, m, b, 0, planes, weight);
        for (int64_t i = 0; i < m; i++) {
            const int32_t *row[GEMM_MAX_PLANE] = {0};
            for (int w = 0; w < n_plane; w++)
                row[w] = planes[w] + i * b->n_row;
            gemm_join_planes(n_plane, weight, row, b->n_row, c);
            CHECK(memcmp(c, exact + i * b->n_row, (size_t)b->n_row * sizeof *c) == 0);
        }
        for (int w = 0; w < n_plane; w++)
            memory_free(planes[w]);
        memory_free(c);
        memory_free(exact);
    }
}

/* Two digits as large as they can be together, whose sums are 127 and −128, in columns beyond a block of them. */
static void test_largest_sums(void)
{
    enum { N_COLUMN = (1 << 17) + 3, N_ROW = 3 };
    struct digits a;
    digits_init(&a, 2, N_ROW, N_COLUMN);
    for (int j = 0; j < 2; j++)
        for (int64_t k = 0; k < N_COLUMN; k++) {
            a.plane[j][k] = j == 0 ? 64 : 63;
            a.plane[j][N_COLUMN + k] = -64;
            a.plane[j][2 * N_COLUMN + k] = a.plane[j][k % 2 * N_COLUMN + k];
        }
    digits_add_up(&a);
    CHECK(a.sum[0] == 127 && a.sum[N_COLUMN] == -128 && a.sum[2 * N_COLUMN + 1] == -128);
    check_product(&a, 0, N_ROW, &a, 9);
    double *c = multiply(&gemm_onednn, &a, 0, N_ROW, &a), high = 64 * 128 + 63, low = -64 * 128 - 64;
    CHECK(c[0] == high * high * N_COLUMN && c[1] == high * low * N_COLUMN && c[4] == low * low * N_COLUMN);
    memory_free(c);
    digits_clear(&a);
}

static void test_planes(void)
{
    uint64_t seed = 5;
    for (int n_digit = 1; n_digit <= 2; n_digit++) {
        struct digits a, b;
        fill(&a, n_digit, 9, 130, &seed);
        fill(&b, n_digit, 21, 130, &seed);
        check_planes(&a, 2, 7, &b);
        digits_clear(&a);
        digits_clear(&b);
        digits_init(&a, n_digit, 2, GEMM_PLANE_COLUMN);
        for (int j = 0; j < n_digit; j++)
            for (int64_t k = 0; k < GEMM_PLANE_COLUMN; k++) {
                a.plane[j][k] = j == 0 ? 64 : 63;        /* the sum is 127, */
                a.plane[j][GEMM_PLANE_COLUMN + k] = -64; /* and −128 */
            }
        digits_add_up(&a);
        check_planes(&a, 0, 2, &a);
        digits_clear(&a);
    }
}

static double norm(const float *x, int64_t n)
{
    double square = 0;
    for (int64_t k = 0; k < n; k++)
        square += (double)x[k] * x[k];
    return sqrt(square);
}

/* Two digits keep a dot product to 2^-11 of the norms, three to 2^-18. */
static void test_accuracy(void)
{
    enum { N_ROW = 20 };
    static const int lengths[] = {16, 64, 512, 4096};
    uint64_t seed = 12;
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        int64_t n = lengths[l];
        float *x = memory_allocate(N_ROW * n, sizeof *x);
        for (int64_t k = 0; k < N_ROW * n; k++)
            x[k] = (float)random_scaled(&seed, -3, 0);
        for (int n_digit = 2; n_digit <= 3; n_digit++) {
            struct digits a;
            digits_init(&a, n_digit, N_ROW, n);
            digits_set(&a, 0, N_ROW, x);
            double *c = multiply(&gemm_blas, &a, 0, N_ROW, &a), worst = 0;
            for (int64_t i = 0; i < N_ROW; i++)
                for (int64_t j = 0; j < N_ROW; j++) {
                    double dot = 0, size = norm(x + i * n, n) * norm(x + j * n, n);
                    for (int64_t k = 0; k < n; k++)
                        dot += (double)x[i * n + k] * x[j * n + k];
                    double approximate = c[i * N_ROW + j] * digits_scale(&a, i) * digits_scale(&a, j);
                    worst = fmax(worst, fabs(dot - approximate) / size);
                }
            CHECK(worst <= ldexp(1, n_digit == 2 ? -11 : -18));
            CHECK(worst > ldexp(1, -40)); /* the digits do round */
            memory_free(c);
            digits_clear(&a);
        }
        memory_free(x);
    }
}

static void test_zero_is_positive(void)
{
    for (int n_digit = 1; n_digit <= MAX_DIGITS; n_digit++)
        for (int backend = 0; gemm_backends[backend] != NULL; backend++) {
            struct digits a, b;
            digits_init(&a, n_digit, 2, 2);
            digits_init(&b, n_digit, 2, 2);
            digits_set(&a, 0, 2, (float[]){-1, -0.0F, -0.7F, 0.7F});
            digits_set(&b, 0, 2, (float[]){0, 1, -0.3F, -0.3F});
            double *c = multiply(gemm_backends[backend], &a, 0, 2, &b);
            CHECK(c[0] == 0 && !signbit(c[0]) && c[3] == 0 && !signbit(c[3]) && c[1] > 0 && c[2] > 0);
            memory_free(c);
            digits_clear(&a);
            digits_clear(&b);
        }
}

static void test_registry(void)
{
    CHECK(gemm_find("auto") == &gemm_onednn && gemm_find("onednn") == &gemm_onednn);
    CHECK(gemm_find("blas") == &gemm_blas && gemm_find("cublas") == NULL && gemm_find("") == NULL);
    for (int backend = 0; gemm_backends[backend] != NULL; backend++) {
        CHECK(gemm_find(gemm_backends[backend]->name) == gemm_backends[backend]);
        int64_t most = INT64_C(1) << 50, bytes = gemm_backends[backend]->workspace_bytes(4, most, most, most);
        CHECK(bytes > 0 && bytes < 64 << 20);
    }
}

static void multiply_unequal(const struct gemm_backend *backend, int64_t n_column, int64_t a_row)
{
    struct digits a, b;
    digits_init(&a, 1, 2, 3);
    digits_init(&b, 1, 2, n_column);
    multiply(backend, &a, a_row, 2, &b);
}

static void unequal_columns_onednn(void)
{
    multiply_unequal(&gemm_onednn, 4, 0);
}

static void unequal_columns_blas(void)
{
    multiply_unequal(&gemm_blas, 4, 0);
}

static void rows_beyond_onednn(void)
{
    multiply_unequal(&gemm_onednn, 3, 1);
}

static void rows_beyond_blas(void)
{
    multiply_unequal(&gemm_blas, 3, 1);
}

static void entry_beyond(void)
{
    struct digits a;
    digits_init(&a, 1, 2, 3);
    gemm_entry(&a, 0, &a, 2);
}

int main(void)
{
    test_shapes();
    test_long();
    test_largest();
    test_cancellation();
    test_longest();
    test_largest_sums();
    test_planes();
    test_accuracy();
    test_zero_is_positive();
    test_registry();
    CHECK(aborts(unequal_columns_onednn));
    CHECK(aborts(unequal_columns_blas));
    CHECK(aborts(rows_beyond_onednn));
    CHECK(aborts(rows_beyond_blas));
    CHECK(aborts(entry_beyond));
    return check_end();
}
