/* Leaving out one example after the other is exact and cheap among candidates: with P = A⁻¹ and hᵢⱼ = zᵢᵀ P zⱼ,
 * removing r makes it P + P z_r z_rᵀ P / (1 − h_rr), so that hᵢⱼ, residuals and what the query gets follow without a
 * solve. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "counterfactual/flips.h"
#include "exact/dense.h"

/* The candidates of one query. */
struct search {
    const struct ridge *ridge;
    int64_t query, n;
    const struct extreme *items; /* borrowed; n */
    double *z, *t, *u, *e;       /* owned, as the rest; n rows each */
    double *own;                 /* leverages, at first */
    double *h;                   /* n × n */
    double *a;                   /* n: zᵢᵀ P z of the query */
    double *f;                   /* outputs of the query now */
    double *tried;               /* outputs without one more */
    uint8_t *removed;
};

static void search_init(const struct ridge *ridge, int64_t query, const struct extremes *candidates,
                        struct search *search)
{
    int64_t n = candidates->count[query], size = ridge->size, k = ridge->n_output;
    *search = (struct search){.ridge = ridge, .query = query, .n = n, .items = extremes_of(candidates, query)};
    search->z = memory_allocate(n * size, sizeof(double));
    search->t = memory_allocate(n * k, sizeof(double));
    search->u = memory_allocate(n * size, sizeof(double));
    search->e = memory_allocate(n * k, sizeof(double));
    search->own = memory_allocate(n, sizeof(double));
    search->h = memory_allocate(n * n, sizeof(double));
    search->a = memory_allocate(n, sizeof(double));
    search->f = memory_allocate(k, sizeof(double));
    search->tried = memory_allocate(k, sizeof(double));
    search->removed = memory_allocate(n, sizeof *search->removed);
}

static void search_clear(struct search *search)
{
    memory_free(search->removed);
    memory_free(search->tried);
    memory_free(search->f);
    memory_free(search->a);
    memory_free(search->h);
    memory_free(search->own);
    memory_free(search->e);
    memory_free(search->u);
    memory_free(search->t);
    memory_free(search->z);
}

/* The rows of the candidates, from the blocks that have any. */
static enum status read_candidates(struct slab *slab, struct search *search)
{
    int64_t step = slab->inquiry->config->block_rows, size = slab->size, k = slab->targets->n;
    enum status status = STATUS_OK;
    for (int64_t b = 0; b < slab_count(slab->inquiry) && status == STATUS_OK; b++) {
        bool loaded = false;
        for (int64_t i = 0; i < search->n && status == STATUS_OK; i++) {
            if (search->items[i].row / step != b)
                continue;
            if (!loaded)
                status = slab_read(slab, b, SLAB_RIDGE, false);
            loaded = true;
            int64_t at = search->items[i].row - b * step;
            if (status == STATUS_OK) {
                memcpy(search->z + i * size, slab->z + at * size, (size_t)size * sizeof *search->z);
                memcpy(search->t + i * k, slab->t + at * k, (size_t)k * sizeof *search->t);
            }
        }
    }
    return status;
}

static void prepare(struct search *search)
{
    const struct ridge *ridge = search->ridge;
    int64_t n = search->n, size = ridge->size, k = ridge->n_output;
    ridge_examine(ridge, n, search->z, search->t, search->u, search->own, search->e);
    dense_add_product(n, n, size, search->u, size, search->u, size, search->h, n);
    dense_add_product(n, 1, size, search->u, size, ridge->half + search->query * size, size, search->a, 1);
    memcpy(search->f, ridge->prediction + search->query * k, (size_t)k * sizeof *search->f);
}

/* The margin without candidate i as well; NaN where its leverage is 1. */
static double try_one(const struct search *search, int64_t i)
{
    const struct ridge *ridge = search->ridge;
    int64_t k = ridge->n_output;
    double rest = 1 - search->h[i * search->n + i];
    if (!(rest > 0))
        return NAN;
    for (int64_t c = 0; c < k; c++)
        search->tried[c] = search->f[c] - search->a[i] / rest * search->e[i * k + c];
    return ridge_margin(ridge, search->tried, ridge->predicted[search->query]);
}

/* The candidate that leaves the lowest margin, ties to the first; -1: none lowers it. */
static int64_t find_best(const struct search *search, double margin, double *lowest)
{
    int64_t best = -1;
    *lowest = margin;
    for (int64_t i = 0; i < search->n; i++) {
        double found = search->removed[i] ? (double)NAN : try_one(search, i);
        if (found < *lowest) {
            *lowest = found;
            best = i;
        }
    }
    return best;
}

static void take_out(struct search *search, int64_t r)
{
    int64_t n = search->n, k = search->ridge->n_output;
    double rest = 1 - search->h[r * n + r], pull = search->a[r] / rest;
    double *row = memory_allocate_raw(n + k, sizeof *row), *residual = row + n; /* of r, while all rows change */
    memcpy(row, search->h + r * n, (size_t)n * sizeof *row);
    memcpy(residual, search->e + r * k, (size_t)k * sizeof *residual);
    for (int64_t c = 0; c < k; c++)
        search->f[c] -= pull * residual[c];
    for (int64_t i = 0; i < n; i++) {
        double share = row[i] / rest;
        search->a[i] += row[i] * pull;
        for (int64_t c = 0; c < k; c++)
            search->e[i * k + c] += share * residual[c];
        for (int64_t j = 0; j < n; j++)
            search->h[i * n + j] += share * row[j];
    }
    search->removed[r] = 1;
    memory_free(row);
}

/* The set once more, by a factorisation of its own. */
static enum status refit(const struct search *search, struct flips *flips)
{
    const struct ridge *ridge = search->ridge;
    int64_t k = ridge->n_output, q = search->query;
    struct removal removal;
    removal_init(ridge, &removal);
    for (int64_t i = 0; i < search->n; i++)
        if (search->removed[i])
            removal_add(ridge, 1, search->z + i * ridge->size, search->t + i * k, NULL, NULL, &removal);
    double *all = memory_allocate(2 * ridge->n_query * k, sizeof *all);
    enum status status = removal_apply(ridge, &removal, all, all + ridge->n_query * k);
    if (status == STATUS_OK) {
        flips->refit[q] = ridge_margin(ridge, all + q * k, ridge->predicted[q]);
        flips->becomes[q] = ridge_decide(ridge, all + q * k);
        flips->flipped[q] = flips->becomes[q] != ridge->predicted[q];
    }
    memory_free(all);
    removal_clear(&removal);
    return status;
}

static enum status search_ridge(struct search *search, struct flips *flips)
{
    int64_t q = search->query, n = 0;
    double margin = search->ridge->margin[q], lowest;
    while (n < flips->most && margin >= 0) {
        int64_t best = find_best(search, margin, &lowest);
        if (best < 0)
            break;
        take_out(search, best);
        margin = lowest;
        flips->member[q * flips->most + n] = search->items[best].row;
        flips->value[q * flips->most + n++] = margin;
    }
    flips->count[q] = n;
    return refit(search, flips);
}

/* Every query was somebody's; its numbers were 0 on the others. */
static void share_flips(MPI_Comm comm, struct flips *flips)
{
    int64_t m = flips->n_query;
    share_doubles(comm, flips->value, m * flips->most);
    share_doubles(comm, flips->refit, m);
    share_sum(comm, flips->member, m * flips->most);
    share_sum(comm, flips->count, m);
    int64_t *whole = memory_allocate(2 * m, sizeof *whole);
    for (int64_t q = 0; q < m; q++) {
        whole[q] = flips->becomes[q];
        whole[m + q] = flips->flipped[q];
    }
    share_sum(comm, whole, 2 * m);
    for (int64_t q = 0; q < m; q++) {
        flips->becomes[q] = (int32_t)whole[q];
        flips->flipped[q] = (uint8_t)whole[m + q];
    }
    memory_free(whole);
}

enum status flips_find_ridge(MPI_Comm comm, struct slab *slab, const struct ridge *ridge,
                             const struct extremes *candidates, struct flips *flips)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum status status = STATUS_OK;
    for (int64_t q = 0; q < flips->n_query; q++) {
        if (q % size != rank || status != STATUS_OK) { /* somebody else's: nothing of it from here */
            memset(flips->member + q * flips->most, 0, (size_t)flips->most * sizeof *flips->member);
            memset(flips->value + q * flips->most, 0, (size_t)flips->most * sizeof *flips->value);
            continue;
        }
        struct search search;
        search_init(ridge, q, candidates, &search);
        status = read_candidates(slab, &search);
        if (status == STATUS_OK) {
            prepare(&search);
            status = search_ridge(&search, flips);
        }
        search_clear(&search);
    }
    status = agree(comm, status);
    if (status == STATUS_OK)
        share_flips(comm, flips);
    for (int64_t q = 0; q < flips->n_query; q++)
        flips->before[q] = ridge->margin[q];
    return status;
}
