#include "influence/block.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

struct scorer {
    const struct study *study;       /* borrowed */
    const struct gradients *queries; /* borrowed */
    const struct gradients *block;   /* borrowed, of the block begun */
    const struct gemm_backend *backend;
    int score_bits;
    double *query_norm;               /* owned; n_used × n_layer × MAX_FACTORS: largest factor norm of any query */
    double *query_weight;             /* owned; n_query: 1, or 1 / ‖g_q‖ when the method is normalised */
    double *product[MAX_FACTORS];     /* owned; tile_rows × n_query */
    double *query_scale[MAX_FACTORS]; /* owned; n_query: power of two of each query's integers, of one capture */
    int64_t *term;                    /* owned; n_query: scores of one row at one checkpoint and layer */
    void *workspace;                  /* owned; for the backend */
    struct tile tile;
};

/* Norms come out of a rounded square and a rounded root; this covers both many times over. */
static const double norm_slack = 1 + 0x1p-40;

static double factor_norm(const struct digits *digits, int64_t row)
{
    return sqrt(digits_square(digits, row)) * norm_slack;
}

static void set_query_norms(struct scorer *scorer)
{
    const struct study *study = scorer->study;
    for (int c = 0; c < study->n_used * study->n_layer; c++)
        for (int f = 0; f < study->captures[c].n_factor; f++)
            for (int64_t j = 0; j < scorer->queries->n_row; j++)
                scorer->query_norm[c * MAX_FACTORS + f] =
                    fmax(scorer->query_norm[c * MAX_FACTORS + f],
                         factor_norm(&scorer->queries->digits[c * MAX_FACTORS + f], j));
}

/* 1 / ‖g‖ of a row for a normalised method (one checkpoint); 0 for a gradient of zero, whose cosine is taken as 0. */
static double inverse_norm(const struct study *study, const struct gradients *gradients, int64_t row)
{
    double square = gradients_square(study, gradients, row, 0);
    return square > 0 ? 1 / sqrt(square) : 0;
}

struct scorer *scorer_create(const struct study *study, const struct influence_plan *plan,
                             const struct gradients *queries, const struct gemm_backend *backend)
{
    struct scorer *scorer = memory_allocate(1, sizeof *scorer);
    int64_t m = plan->n_query, tile = plan->tile_rows * m, workspace = 0;
    int n_capture = study->n_used * study->n_layer;
    scorer->study = study;
    scorer->queries = queries;
    scorer->backend = backend;
    scorer->score_bits = plan->score_bits;
    scorer->query_norm = memory_allocate(n_capture * MAX_FACTORS, sizeof(double));
    scorer->query_weight = memory_allocate(m, sizeof(double));
    scorer->term = memory_allocate(m, sizeof(int64_t));
    for (int64_t j = 0; j < m; j++)
        scorer->query_weight[j] = study->method->normalised ? inverse_norm(study, queries, j) : 1;
    for (int f = 0; f < MAX_FACTORS; f++) {
        scorer->product[f] = memory_allocate(tile, sizeof(double));
        scorer->query_scale[f] = memory_allocate(m, sizeof(double));
    }
    for (int c = 0; c < n_capture; c++)
        for (int f = 0; f < study->captures[c].n_factor; f++) {
            int64_t bytes = backend->workspace_bytes(to_int(study->config->n_digit), plan->tile_rows, m,
                                                     study->captures[c].n_column[f]);
            workspace = bytes > workspace ? bytes : workspace;
        }
    scorer->workspace = memory_allocate(workspace, 1);
    scorer->tile = (struct tile){.n_query = m, .total = memory_allocate(tile, sizeof(int64_t))};
    /* One checkpoint (or layer) is the whole score: the plane is shared. */
    scorer->tile.by_checkpoint =
        study->n_used > 1 ? memory_allocate(tile * study->n_used, sizeof(int64_t)) : scorer->tile.total;
    scorer->tile.by_layer =
        study->n_layer > 1 ? memory_allocate(tile * study->n_layer, sizeof(int64_t)) : scorer->tile.total;
    set_query_norms(scorer);
    return scorer;
}

void scorer_destroy(struct scorer *scorer)
{
    if (scorer == NULL)
        return;
    if (scorer->tile.by_checkpoint != scorer->tile.total)
        memory_free(scorer->tile.by_checkpoint);
    if (scorer->tile.by_layer != scorer->tile.total)
        memory_free(scorer->tile.by_layer);
    memory_free(scorer->tile.total);
    memory_free(scorer->workspace);
    for (int f = 0; f < MAX_FACTORS; f++) {
        memory_free(scorer->product[f]);
        memory_free(scorer->query_scale[f]);
    }
    memory_free(scorer->term);
    memory_free(scorer->query_weight);
    memory_free(scorer->query_norm);
    memory_free(scorer);
}

/* Largest Σ_l ‖g_l(z)‖ ‖g_l(q)‖ at checkpoint k over the rows of the block and all queries. */
static double checkpoint_bound(const struct scorer *scorer, int k)
{
    const struct study *study = scorer->study;
    double bound = 0;
    for (int64_t i = 0; i < scorer->block->n_row; i++) {
        double sum = 0;
        for (int l = 0; l < study->n_layer; l++) {
            int c = k * study->n_layer + l;
            const double *query = &scorer->query_norm[c * MAX_FACTORS];
            const struct digits *row = &scorer->block->digits[c * MAX_FACTORS];
            double term = factor_norm(&row[FACTOR_GRADIENT], i) * query[FACTOR_GRADIENT];
            if (study->captures[c].n_factor > 1)
                term *= factor_norm(&row[FACTOR_INPUT], i) * query[FACTOR_INPUT] + study->captures[c].bias;
            sum += term;
        }
        bound = fmax(bound, sum);
    }
    return bound;
}

enum status scorer_begin_block(struct scorer *scorer, const struct gradients *block)
{
    scorer->block = block;
    double bound = 0;
    for (int k = 0; k < scorer->study->n_used; k++)
        bound += study_weight(scorer->study, k) * checkpoint_bound(scorer, k);
    if (scorer->study->method->normalised && bound > 0)
        bound = 1; /* a cosine, and a layer's part of it, is at most 1 */
    int exponent = 0;
    frexp(bound * norm_slack, &exponent);
    if (!(bound < 0x1p480) || (bound > 0 && bound < 0x1p-420))
        return fail(BAD_INPUT,
                    "influence scores of up to %g leave the range that exact sums can hold (2^-420 to 2^480): "
                    "scale the captured gradients",
                    bound);
    scorer->tile.exponent = exponent - scorer->score_bits;
    return STATUS_OK;
}

/* What the integer products of one row are multiplied by. */
struct row_factors {
    double scale[MAX_FACTORS]; /* powers of two */
    double bias;
    double weight; /* of checkpoint and row, in units of the grid */
};

/* Rounds |x| < 2^51 half to even: adding 1.5 · 2^52 leaves the integer in the low bits, on any IEEE machine. */
static inline int64_t round_to_integer(double x)
{
    static const double magic = 0x1.8p52;
    double shifted = x + magic;
    int64_t bits, magic_bits;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&magic_bits, &magic, sizeof magic_bits);
    return bits - magic_bits;
}

/* The scores of row `at` of the tile.  Scales are powers of two, so that only the products, the bias and the weights
 * round, always in this order. */
static void score_row(const struct scorer *scorer, const struct row_factors *row, int64_t at, int n_factor,
                      int64_t *out)
{
    int64_t m = scorer->tile.n_query;
    const double *c0 = scorer->product[FACTOR_GRADIENT] + at * m, *c1 = scorer->product[FACTOR_INPUT] + at * m;
    const double *q0 = scorer->query_scale[FACTOR_GRADIENT], *q1 = scorer->query_scale[FACTOR_INPUT];
    const double *weight = scorer->query_weight;
    for (int64_t j = 0; j < m && n_factor > 1; j++)
        out[j] = round_to_integer((c0[j] * (row->scale[0] * q0[j])) * (c1[j] * (row->scale[1] * q1[j]) + row->bias) *
                                  (row->weight * weight[j]));
    for (int64_t j = 0; j < m && n_factor == 1; j++)
        out[j] = round_to_integer((c0[j] * (row->scale[0] * q0[j])) * (row->weight * weight[j]));
}

static void add_to(int64_t *into, const int64_t *from, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        into[j] += from[j];
}

static void score_capture(struct scorer *scorer, int k, int l)
{
    const struct study *study = scorer->study;
    struct tile *tile = &scorer->tile;
    int c = k * study->n_layer + l, n_factor = study->captures[c].n_factor;
    const struct digits *rows = &scorer->block->digits[c * MAX_FACTORS];
    const struct digits *queries = &scorer->queries->digits[c * MAX_FACTORS];
    int64_t m = tile->n_query;
    for (int f = 0; f < n_factor; f++) {
        scorer->backend->multiply(&rows[f], tile->row, tile->n, &queries[f], scorer->product[f], scorer->workspace);
        for (int64_t j = 0; j < m; j++)
            scorer->query_scale[f][j] = digits_scale(&queries[f], j);
    }
    double weight = ldexp(study_weight(study, k), -tile->exponent);
    for (int64_t i = 0; i < tile->n; i++) {
        struct row_factors row = {.bias = study->captures[c].bias, .weight = weight};
        for (int f = 0; f < n_factor; f++)
            row.scale[f] = digits_scale(&rows[f], tile->row + i);
        if (study->method->normalised)
            row.weight *= inverse_norm(study, scorer->block, tile->row + i);
        score_row(scorer, &row, i, n_factor, scorer->term);
        add_to(tile->total + i * m, scorer->term, m);
        if (study->n_used > 1)
            add_to(tile->by_checkpoint + (k * tile->n + i) * m, scorer->term, m);
        if (study->n_layer > 1)
            add_to(tile->by_layer + (l * tile->n + i) * m, scorer->term, m);
    }
}

const struct tile *scorer_tile(struct scorer *scorer, int64_t row, int64_t n)
{
    const struct study *study = scorer->study;
    struct tile *tile = &scorer->tile;
    tile->row = row;
    tile->n = n;
    size_t plane = (size_t)(n * tile->n_query) * sizeof(int64_t);
    memset(tile->total, 0, plane);
    if (study->n_used > 1)
        memset(tile->by_checkpoint, 0, plane * (size_t)study->n_used);
    if (study->n_layer > 1)
        memset(tile->by_layer, 0, plane * (size_t)study->n_layer);
    for (int k = 0; k < study->n_used; k++)
        for (int l = 0; l < study->n_layer; l++)
            score_capture(scorer, k, l);
    return tile;
}
