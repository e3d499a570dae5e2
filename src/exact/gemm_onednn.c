/* 8-bit integer matrix products of the digit planes: one per pair of planes, or of two digits each three in place of
 * four, by Karatsuba's identity (Karatsuba & Ofman 1962): with a = 128 a₀ + a₁ and b likewise,
 *     a b = (128² − 128) a₀ b₀ + 128 (a₀ + a₁)(b₀ + b₁) + (1 − 128) a₁ b₁. */
#include <dnnl.h>
#include <string.h>

#include "base/memory.h"
#include "exact/gemm.h"
#include "exact/gemm_tiles.h"
#include "exact/halves.h"

enum {
    /* Pairs of planes of equal weight add up in int32: at most 4 of them, 4 · 2^16 · 64² = 2^30. */
    CONTRACTION = 1 << 16,
    LOW_POWERS = 4 /* digit products weigh 128^p: p < 4 go to the low half, the others to the high one (2^28 = 128^4) */
};

/* Workspace of a tile. */
struct scratch {
    int32_t *product; /* m × n */
    double *high;     /* m × n; NULL if every sum stays below 2^53 in C itself */
};

static int64_t workspace_bytes(int n_digit, int64_t m, int64_t n, int64_t k)
{
    (void)k;
    int64_t entries = least(m, TILE_ROWS) * least(n, TILE_COLUMNS);
    int64_t product = (entries * (int64_t)sizeof(int32_t) + 63) / 64 * 64;
    return product + (gemm_is_wide(2 * n_digit) ? entries * (int64_t)sizeof(double) : 0);
}

/* product = A Bᵀ of one plane each, over columns [first, first + n); or added to it, for a beta of 1. */
static void multiply_plane(const struct gemm_tile *tile, const int8_t *a, const int8_t *b, int64_t first, int64_t n,
                           float beta, int32_t *product)
{
    const int64_t k = tile->a->n_column;
    const int32_t offset = 0;
    dnnl_status_t status = dnnl_gemm_s8s8s32('N', 'T', 'F', tile->m, tile->n, n, 1, a + tile->a_row * k + first, k, 0,
                                             b + tile->b_row * k + first, k, 0, beta, product, tile->n, &offset);
    ASSERT(status == dnnl_success);
}

/* product = Σ over pairs of planes whose digits weigh 128^power together, over columns [first, first + n). */
static void multiply_pairs(const struct gemm_tile *tile, int power, int64_t first, int64_t n, int32_t *product)
{
    const struct digits *a = tile->a, *b = tile->b;
    float beta = 0;
    for (int ja = 0; ja < a->n_digit; ja++) {
        int jb = a->n_digit - 1 + b->n_digit - 1 - power - ja;
        if (jb < 0 || jb >= b->n_digit)
            continue;
        multiply_plane(tile, a->plane[ja], b->plane[jb], first, n, beta, product);
        beta = 1;
    }
}

/* Sums of two digits need all 8 bits, and pairs of their products more than 16: only kernels that add up in 32 bits
 * (VNNI and what came after it) have them right. */
static bool has_wide_sums(void)
{
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_vnni) == dnnl_cpu_isa_avx512_core_vnni;
}

/* Whether three products do, in place of the four of two digits. */
static bool takes_three(const struct digits *a, const struct digits *b, int lowest)
{
    return lowest == 0 && a->n_digit == 2 && b->n_digit == 2 && a->sum != NULL && b->sum != NULL && has_wide_sums();
}

enum { N_THREE = 3 };
static const double three_weights[N_THREE] = {1 - 128, 128, 128 * 128 - 128};

/* Product number `which` of the three; of at most 2^16 · 128² = 2^30. */
static void multiply_three(const struct gemm_tile *tile, int which, int64_t first, int64_t n, int32_t *product)
{
    const struct digits *a = tile->a, *b = tile->b;
    const int8_t *const from_a[N_THREE] = {a->plane[1], a->sum, a->plane[0]};
    const int8_t *const from_b[N_THREE] = {b->plane[1], b->sum, b->plane[0]};
    multiply_plane(tile, from_a[which], from_b[which], first, n, 0, product);
}

/* Adds weight times the product to the sums; the very first one sets them. */
static void add_product(const struct gemm_tile *tile, const int32_t *product, double weight, bool is_new, double *sums,
                        int64_t stride)
{
    for (int64_t i = 0; i < tile->m; i++)
        if (is_new)
            halves_set(sums + i * stride, product + i * tile->n, weight, tile->n);
        else
            halves_add(sums + i * stride, product + i * tile->n, weight, tile->n);
}

/* The sums of pairs of weight 128^power go to their half. */
static void add_pairs(const struct gemm_tile *tile, int power, int64_t first, const struct scratch *scratch)
{
    const bool is_high = power >= LOW_POWERS, is_new = first == 0 && power == tile->lowest;
    const double weight = (double)(1 << 7 * (power % LOW_POWERS));
    if (is_high)
        add_product(tile, scratch->product, weight, is_new, scratch->high, tile->n);
    else
        add_product(tile, scratch->product, weight, is_new, tile->c, tile->c_stride);
}

/* Within a block of columns the low half grows by less than 2^52; carried after each, it stays below 2^53, and the high
 * half stays below 2^53 for 2^26 columns. */
static void carry(const struct gemm_tile *tile, double *high)
{
    for (int64_t i = 0; i < tile->m; i++)
        halves_carry(high + i * tile->n, tile->c + i * tile->c_stride, HALVES_UNIT, tile->n);
}

static void multiply_tile(const struct gemm_tile *tile, void *memory)
{
    const struct scratch *scratch = memory;
    double *high = scratch->high;
    if (high != NULL)
        memset(high, 0, (size_t)(tile->m * tile->n) * sizeof(double));
    for (int64_t first = 0; first < tile->a->n_column; first += CONTRACTION) {
        int64_t n = least(CONTRACTION, tile->a->n_column - first);
        for (int power = tile->lowest; power < tile->a->n_digit + tile->b->n_digit - 1; power++) {
            multiply_pairs(tile, power, first, n, scratch->product);
            add_pairs(tile, power, first, scratch);
        }
        if (high != NULL)
            carry(tile, high);
    }
    for (int64_t i = 0; i < tile->m && high != NULL; i++)
        halves_join(high + i * tile->n, tile->c + i * tile->c_stride, tile->n);
}

/* 2^26 columns of digits of 64 add up to less than 1.04 · 2^52, in whatever order. */
static void multiply_tile_by_three(const struct gemm_tile *tile, void *memory)
{
    const struct scratch *scratch = memory;
    for (int64_t first = 0; first < tile->a->n_column; first += CONTRACTION)
        for (int t = 0; t < N_THREE; t++) {
            multiply_three(tile, t, first, least(CONTRACTION, tile->a->n_column - first), scratch->product);
            add_product(tile, scratch->product, three_weights[t], first == 0 && t == 0, tile->c, tile->c_stride);
        }
}

static void multiply_from(int lowest, const struct digits *a, int64_t a_row, int64_t m, const struct digits *b,
                          double *c, void *workspace)
{
    struct scratch scratch = {.product = workspace};
    for (int64_t e = 0; a->n_column == 0 && e < m * b->n_row; e++)
        c[e] = 0; /* no product will set it */
    /* The high half comes after the products of the largest tile. */
    if (gemm_is_wide(a->n_digit + b->n_digit))
        scratch.high = (double *)((char *)workspace + workspace_bytes(1, m, b->n_row, a->n_column));
    gemm_tiles((struct gemm_tile){.a = a, .b = b, .lowest = lowest}, a_row, m, c,
               takes_three(a, b, lowest) ? multiply_tile_by_three : multiply_tile, &scratch);
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

static void multiply_planes(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, int lowest,
                            int32_t *const *planes, double weight[GEMM_MAX_PLANE])
{
    ASSERT(a->n_column == b->n_column && a->n_column <= GEMM_PLANE_COLUMN && a->n_column > 0);
    ASSERT(a_row >= 0 && m >= 0 && a_row <= a->n_row - m);
    ASSERT(a->n_digit == b->n_digit && a->n_digit <= 2);
    const struct gemm_tile tile = {.a = a, .b = b, .a_row = a_row, .m = m, .n = b->n_row};
    const bool three = takes_three(a, b, lowest);
    for (int w = 0; w < gemm_n_plane(a->n_digit, lowest); w++) {
        weight[w] = three ? three_weights[w] : (double)(1 << 7 * (lowest + w));
        if (three)
            multiply_three(&tile, w, 0, a->n_column, planes[w]);
        else
            multiply_pairs(&tile, lowest + w, 0, a->n_column, planes[w]);
    }
}

const struct gemm_backend gemm_onednn = {
    .name = "onednn",
    .text = "8-bit integer products of oneDNN, one per pair of digits, or three for two digits: fastest with VNNI",
    .multiply = multiply,
    .multiply_leading = multiply_leading,
    .multiply_planes = multiply_planes,
    .workspace_bytes = workspace_bytes,
};
