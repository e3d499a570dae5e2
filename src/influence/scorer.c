#include "influence/scorer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/share.h"
#include "influence/profile.h"
#include "influence/score_row.h"

struct scorer {
    const struct study *study;       /* borrowed */
    const struct team *team;         /* borrowed */
    const struct gradients *queries; /* borrowed */
    const struct gradients *block;   /* borrowed, of the block begun */
    const struct gemm_backend *backend;
    void (*multiply)(const struct digits *a, int64_t a_row, int64_t m, const struct digits *b, double *c,
                     void *workspace);
    int score_bits;
    double *query_norm;           /* owned; per capture: the largest ‖g‖ of any query */
    double *query_weight;         /* owned; n_query: 1, or 1 / ‖g_q‖ when the method is normalised */
    double *product[MAX_FACTORS]; /* owned; rows of the tile × rows of the queries; of one example with planes */
    int32_t *plane[MAX_FACTORS][GEMM_MAX_PLANE]; /* owned; rows of the tile × queries, where the backend has such */
    int lowest, n_plane;                         /* products of digits from 128^lowest up; n_plane 0: no planes */
    double plane_weight[GEMM_MAX_PLANE];         /* set with the planes, the same for all */
    double **query_scale; /* owned; [c · MAX_FACTORS + factor]: powers of two, one per row of digits */
    int64_t *term;        /* owned; n_query: scores of one example at one checkpoint and layer */
    double *bound;        /* owned; n_used: per checkpoint, of the block begun */
    void *workspace;      /* owned; for the backend */
    struct tile tile;
};

/* Norms come out of a rounded square and a rounded root; this covers both many times over. */
static const double norm_slack = 1 + 0x1p-40;

static double norm(const struct gradients *gradients, int64_t i, int c)
{
    return sqrt(gradients->square[i * gradients_captures(gradients) + c]) * norm_slack;
}

/* 1 / ‖g‖ for a normalised method (one checkpoint); 0 for a gradient of zero, whose cosine is taken as 0. */
static double inverse_norm(const struct gradients *gradients, int64_t i)
{
    double square = gradients_square(gradients, i, 0);
    return square > 0 ? 1 / sqrt(square) : 0;
}

static void allocate_products(struct scorer *scorer, const struct influence_plan *plan)
{
    int64_t entries = 0, workspace = 0;
    for (int c = 0; c < gradients_captures(scorer->queries); c++) {
        const struct capture *capture = gradients_capture(scorer->queries, c);
        int64_t rows = plan->tile_rows * capture->side[TRAIN_SIDE].n_row;
        int64_t columns = plan->n_query * capture->side[QUERY_SIDE].n_row;
        entries = rows * columns > entries ? rows * columns : entries;
        for (int f = 0; f < capture->n_factor; f++) {
            int64_t bytes = scorer->backend->workspace_bytes(to_int(scorer->study->config->n_digit), rows, columns,
                                                             capture->n_column[f]);
            workspace = bytes > workspace ? bytes : workspace;
        }
    }
    for (int f = 0; f < MAX_FACTORS; f++) {
        scorer->product[f] = memory_allocate(scorer->n_plane > 0 ? plan->n_query : entries, sizeof(double));
        for (int w = 0; w < scorer->n_plane; w++)
            scorer->plane[f][w] = memory_allocate(entries, sizeof(int32_t));
    }
    scorer->workspace = memory_allocate(workspace, 1);
}

/* Few digits leave int32 planes, which are put together an example at a time: fewer passes over the tile. */
static void choose_planes(struct scorer *scorer)
{
    int n_digit = to_int(scorer->study->config->n_digit);
    bool fits = scorer->backend->multiply_planes != NULL && n_digit <= 2;
    for (int c = 0; c < gradients_captures(scorer->queries); c++) {
        const struct capture *capture = gradients_capture(scorer->queries, c);
        for (int s = 0; s < N_CAPTURE_SIDES; s++)
            fits = fits && capture->side[s].n_row == 1;
        for (int f = 0; f < capture->n_factor; f++)
            fits = fits && capture->n_column[f] <= GEMM_PLANE_COLUMN;
    }
    scorer->lowest = scorer->study->config->products == PRODUCTS_LEADING ? n_digit - 1 : 0;
    scorer->n_plane = fits ? gemm_n_plane(n_digit, scorer->lowest) : 0;
}

static void set_query_scales(struct scorer *scorer)
{
    int n = gradients_captures(scorer->queries) * MAX_FACTORS;
    scorer->query_scale = memory_allocate(n, sizeof *scorer->query_scale);
    for (int i = 0; i < n; i++) {
        const struct digits *digits = &scorer->queries->digits[i];
        scorer->query_scale[i] = memory_allocate(digits->n_row, sizeof(double));
        for (int64_t j = 0; j < digits->n_row; j++)
            scorer->query_scale[i][j] = digits_scale(digits, j);
    }
}

/* A single checkpoint or layer is the whole score, and so is a team of one: the planes are shared then. */
static void allocate_tile(struct scorer *scorer, const struct influence_plan *plan)
{
    int n_k = scorer->queries->n_k, n_layer = scorer->study->n_layer;
    int64_t plane = plan->tile_rows * plan->n_query;
    struct tile *tile = &scorer->tile;
    tile->n_query = plan->n_query;
    tile->own = memory_allocate(plane, sizeof(int64_t));
    tile->total = scorer->team->n_member > 1 ? memory_allocate(plane, sizeof(int64_t)) : tile->own;
    tile->by_checkpoint = n_k > 1 ? memory_allocate(plane * n_k, sizeof(int64_t)) : tile->own;
    tile->by_layer = n_layer > 1 ? memory_allocate(plane * n_layer, sizeof(int64_t)) : tile->own;
}

struct scorer *scorer_create(const struct study *study, const struct influence_plan *plan, const struct team *team,
                             const struct gradients *queries, const struct gemm_backend *backend)
{
    struct scorer *scorer = memory_allocate(1, sizeof *scorer);
    *scorer = (struct scorer){
        .study = study, .team = team, .queries = queries, .backend = backend, .score_bits = plan->score_bits};
    scorer->multiply = study->config->products == PRODUCTS_LEADING ? backend->multiply_leading : backend->multiply;
    scorer->query_norm = memory_allocate(gradients_captures(queries), sizeof(double));
    scorer->query_weight = memory_allocate(plan->n_query, sizeof(double));
    scorer->term = memory_allocate(plan->n_query, sizeof(int64_t));
    scorer->bound = memory_allocate(study->n_used, sizeof(double));
    for (int64_t j = 0; j < queries->n; j++) {
        scorer->query_weight[j] = study->method->normalised ? inverse_norm(queries, j) : 1;
        for (int c = 0; c < gradients_captures(queries); c++)
            scorer->query_norm[c] = fmax(scorer->query_norm[c], norm(queries, j, c));
    }
    set_query_scales(scorer);
    choose_planes(scorer);
    allocate_products(scorer, plan);
    allocate_tile(scorer, plan);
    return scorer;
}

void scorer_destroy(struct scorer *scorer)
{
    if (scorer == NULL)
        return;
    struct tile *tile = &scorer->tile;
    int64_t *const planes[] = {tile->total, tile->by_checkpoint, tile->by_layer};
    for (int i = 0; i < 3; i++)
        if (planes[i] != tile->own)
            memory_free(planes[i]);
    memory_free(tile->own);
    memory_free(scorer->workspace);
    for (int f = 0; f < MAX_FACTORS; f++) {
        memory_free(scorer->product[f]);
        for (int w = 0; w < GEMM_MAX_PLANE; w++)
            memory_free(scorer->plane[f][w]);
    }
    for (int i = 0; i < gradients_captures(scorer->queries) * MAX_FACTORS; i++)
        memory_free(scorer->query_scale[i]);
    memory_free(scorer->query_scale);
    memory_free(scorer->bound);
    memory_free(scorer->term);
    memory_free(scorer->query_weight);
    memory_free(scorer->query_norm);
    memory_free(scorer);
}

/* ---- the grid of a block --------------------------------------------------------------------------------------- */

/* Largest Σ_l ‖g_l(z)‖ ‖g_l(q)‖ at used checkpoint k over the examples of the block and all queries. */
static double checkpoint_bound(const struct scorer *scorer, int k)
{
    int n_layer = scorer->study->n_layer, c = (k - scorer->block->k_first) * n_layer;
    double bound = 0;
    for (int64_t i = 0; i < scorer->block->n; i++) {
        double sum = 0;
        for (int l = 0; l < n_layer; l++)
            sum += norm(scorer->block, i, c + l) * scorer->query_norm[c + l];
        bound = fmax(bound, sum);
    }
    return bound;
}

enum status scorer_begin_block(struct scorer *scorer, const struct gradients *block)
{
    const struct study *study = scorer->study;
    scorer->block = block;
    memset(scorer->bound, 0, (size_t)study->n_used * sizeof(double));
    for (int k = block->k_first; k < block->k_first + block->n_k; k++)
        scorer->bound[k] = checkpoint_bound(scorer, k);
    if (scorer->team->n_member > 1) /* every member knows its own and has zero for the others */
        MPI_Allreduce(MPI_IN_PLACE, scorer->bound, study->n_used, MPI_DOUBLE, MPI_MAX, scorer->team->comm);
    double bound = 0;
    for (int k = 0; k < study->n_used; k++)
        bound += study_weight(study, k) * scorer->bound[k];
    if (study->method->normalised && bound > 0)
        bound = 1; /* a cosine, and a layer's part of it, is at most 1 */
    if (study->config->products == PRODUCTS_LEADING)
        bound *= 4; /* each factor's product may lose as much again as it has: the low digits' norm is no larger */
    if (!(bound < 0x1p480) || (bound > 0 && bound < 0x1p-420))
        return fail(BAD_INPUT,
                    "influence scores of up to %g leave the range that exact sums can hold (2^-420 to 2^480): "
                    "scale the captured gradients",
                    bound);
    int exponent = 0;
    frexp(bound * norm_slack, &exponent);
    scorer->tile.exponent = exponent - scorer->score_bits;
    return STATUS_OK;
}

/* ---- scores ---------------------------------------------------------------------------------------------------- */

static void multiply(struct scorer *scorer, int c)
{
    const struct capture *capture = gradients_capture(scorer->block, c);
    int64_t n_row = capture->side[TRAIN_SIDE].n_row;
    enum phase phase = profile_enter(PHASE_PRODUCTS);
    for (int f = 0; f < capture->n_factor; f++) {
        const struct digits *rows = &scorer->block->digits[c * MAX_FACTORS + f];
        const struct digits *queries = &scorer->queries->digits[c * MAX_FACTORS + f];
        int64_t first = scorer->tile.row * n_row, n = scorer->tile.n * n_row;
        if (scorer->n_plane > 0)
            scorer->backend->multiply_planes(rows, first, n, queries, scorer->lowest, scorer->plane[f],
                                             scorer->plane_weight);
        else
            scorer->multiply(rows, first, n, queries, scorer->product[f], scorer->workspace);
    }
    profile_enter(phase);
}

/* A row of a plane that takes the terms of an example: as its content, if they are the plane's first, or added to it.
 * Planes of a tile are larger than a core's cache, so that every pass over one counts: first terms are computed in
 * place. */
struct target {
    int64_t *row; /* NULL: none */
    bool is_first;
};

static void score_into(const struct score_row *row, int64_t *scratch, const struct target targets[2])
{
    int64_t *term = scratch;
    for (int t = 0; t < 2; t++)
        if (targets[t].row != NULL && targets[t].is_first)
            term = targets[t].row;
    score_row(row, term);
    for (int t = 0; t < 2; t++) {
        if (targets[t].row == NULL || targets[t].row == term)
            continue;
        if (targets[t].is_first)
            memcpy(targets[t].row, term, (size_t)row->n_query * sizeof *term);
        else
            score_add(targets[t].row, term, row->n_query);
    }
}

/* Where the terms of example i at the block's checkpoint k and layer l go: to what resolves them, or else to `own`. */
static void find_targets(const struct tile *tile, int64_t i, int k, int l, struct target targets[2])
{
    int64_t m = tile->n_query;
    targets[0] = targets[1] = (struct target){0};
    if (tile->by_checkpoint != tile->own)
        targets[0] = (struct target){tile->by_checkpoint + (k * tile->n + i) * m, l == 0};
    if (tile->by_layer != tile->own)
        targets[1] = (struct target){tile->by_layer + (l * tile->n + i) * m, k == 0};
    if (targets[0].row == NULL && targets[1].row == NULL)
        targets[0] = (struct target){tile->own + i * m, true};
}

/* `own` from what resolves it, the fewer planes. */
static void sum_planes(struct tile *tile, int n_k, int n_layer)
{
    int64_t m = tile->n_query;
    bool layers = tile->by_layer != tile->own && (n_k == 1 || n_layer <= n_k);
    const int64_t *planes = layers ? tile->by_layer : tile->by_checkpoint;
    int n_plane = layers ? n_layer : n_k;
    for (int64_t i = 0; i < tile->n && planes != tile->own; i++) {
        memcpy(tile->own + i * m, planes + i * m, (size_t)m * sizeof *planes);
        for (int p = 1; p < n_plane; p++)
            score_add(tile->own + i * m, planes + (p * tile->n + i) * m, m);
    }
}

/* Where the products of example i of the tile and all queries are, rows by factor. */
static void find_products(struct scorer *scorer, const struct capture *capture, int64_t i,
                          const double *product[MAX_FACTORS])
{
    int64_t n = capture->side[TRAIN_SIDE].n_row * capture->side[QUERY_SIDE].n_row * scorer->tile.n_query;
    for (int f = 0; f < capture->n_factor; f++) {
        product[f] = scorer->product[f] + (scorer->n_plane > 0 ? 0 : i * n);
        const int32_t *planes[GEMM_MAX_PLANE];
        for (int w = 0; w < scorer->n_plane; w++)
            planes[w] = scorer->plane[f][w] + i * n;
        if (scorer->n_plane > 0)
            gemm_join_planes(scorer->n_plane, scorer->plane_weight, planes, n, scorer->product[f]);
    }
}

/* The terms of capture c (used checkpoint k, layer l) of every example of the tile. */
static void score_capture(struct scorer *scorer, int k, int l)
{
    const struct study *study = scorer->study;
    struct tile *tile = &scorer->tile;
    int c = (k - scorer->block->k_first) * study->n_layer + l;
    const struct capture *capture = gradients_capture(scorer->block, c);
    const struct digits *digits = &scorer->block->digits[c * MAX_FACTORS];
    int64_t m = tile->n_query, n_row = capture->side[TRAIN_SIDE].n_row;
    double weight = ldexp(study_weight(study, k), -tile->exponent);
    multiply(scorer, c);
    for (int64_t i = 0; i < tile->n; i++) {
        struct score_row row = {
            .capture = capture,
            .n_query = m,
            .digits = digits,
            .first_row = (tile->row + i) * n_row,
            .query_scale = {scorer->query_scale[c * MAX_FACTORS], scorer->query_scale[c * MAX_FACTORS + 1]},
            .query_weight = scorer->query_weight,
            .weight = weight};
        find_products(scorer, capture, i, row.product);
        if (study->method->normalised)
            row.weight *= inverse_norm(scorer->block, tile->row + i);
        struct target targets[2];
        find_targets(tile, i, k - scorer->block->k_first, l, targets);
        score_into(&row, scorer->term, targets);
    }
}

const struct tile *scorer_tile(struct scorer *scorer, int64_t row, int64_t n)
{
    struct tile *tile = &scorer->tile;
    int n_k = scorer->block->n_k, n_layer = scorer->study->n_layer;
    enum phase phase = profile_enter(PHASE_SCORES);
    tile->row = row;
    tile->n = n;
    for (int k = scorer->block->k_first; k < scorer->block->k_first + n_k; k++)
        for (int l = 0; l < n_layer; l++)
            score_capture(scorer, k, l);
    sum_planes(tile, n_k, n_layer);
    profile_enter(PHASE_WAIT);
    if (scorer->team->n_member > 1)
        share_sum_to(scorer->team->comm, tile->own, tile->total, n * tile->n_query);
    profile_enter(phase);
    return tile;
}
