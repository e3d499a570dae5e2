#include "counterfactual/examples.h"

#include "base/memory.h"
#include "comm/agree.h"

struct walk {
    struct slab *slab;
    const struct ridge *ridge;
    const struct scores *scores;
    struct table *table;
    struct examples *examples;
    double *u, *h, *e, *change; /* owned; of a block */
};

static enum status put(struct walk *walk, const char *path, const void *data)
{
    return table_write(walk->table, path, walk->slab->first, walk->slab->n, data);
}

static enum status take_ridge(struct walk *walk)
{
    const struct slab *slab = walk->slab;
    const struct ridge *ridge = walk->ridge;
    ridge_examine(ridge, slab->n, slab->z, slab->t, walk->u, walk->h, walk->e);
    ridge_leave_out(ridge, slab->n, walk->u, walk->h, walk->e, walk->change);
    for (int64_t i = 0; i < slab->n; i++)
        for (int64_t q = 0; q < ridge->n_query; q++)
            extremes_add(&walk->examples->ridge, q, slab->first + i, walk->change[i * ridge->n_query + q]);
    for (int64_t i = 0; i < slab->n; i++)
        for (int64_t c = 0; c < ridge->n_output; c++) /* by the fit without the example */
            walk->e[i * ridge->n_output + c] /= 1 - walk->h[i];
    enum status status = put(walk, "/ridge/leverage", walk->h);
    if (status == STATUS_OK)
        status = put(walk, "/ridge/loo/residual", walk->e);
    if (status == STATUS_OK && slab->inquiry->config->ridge.loo)
        status = put(walk, "/ridge/loo/margin", walk->change);
    return status;
}

static enum status take_block(struct walk *walk, int64_t b)
{
    struct slab *slab = walk->slab;
    bool all_scores = walk->scores != NULL && walk->scores->all;
    int wanted = SLAB_SAMPLES | (walk->ridge ? SLAB_RIDGE : 0) | (all_scores ? SLAB_SCORES : 0);
    enum status status = slab_read(slab, b, wanted, false);
    if (status == STATUS_OK)
        status = put(walk, "/samples/id", slab->rows.ids);
    if (status == STATUS_OK && walk->ridge != NULL)
        status = take_ridge(walk);
    int64_t m = slab->inquiry->queries.n;
    for (int64_t i = 0; i < slab->n && status == STATUS_OK && all_scores; i++)
        for (int64_t q = 0; q < m; q++)
            extremes_add(&walk->examples->network, q, slab->first + i, -slab->score[i * m + q]);
    return status;
}

/* Without all scores there are the strongest ones. */
static void take_kept(const struct scores *scores, struct extremes *extremes)
{
    for (int64_t q = 0; q < scores->n_query; q++)
        for (int64_t t = 0; t < scores->top; t++) {
            int64_t at = q * scores->top + t;
            if (scores->index[SIDE_PROPONENTS][at] >= 0)
                extremes_add(extremes, q, scores->index[SIDE_PROPONENTS][at], -scores->score[SIDE_PROPONENTS][at]);
        }
}

static void begin(struct walk *walk)
{
    const struct slab *slab = walk->slab;
    const struct counterfactual_config *config = slab->inquiry->config;
    int64_t rows = slab->rows.capacity, m = slab->inquiry->queries.n;
    walk->u = memory_allocate_raw(rows * slab->size, sizeof(double));
    walk->h = memory_allocate_raw(rows, sizeof(double));
    walk->e = memory_allocate_raw(rows * slab->targets->n, sizeof(double));
    walk->change = memory_allocate_raw(walk->ridge != NULL ? rows * m : 0, sizeof(double));
    bool flips = config->flip_most > 0;
    extremes_init(m, walk->ridge != NULL && flips ? config->flip_candidates : 0, &walk->examples->ridge);
    extremes_init(m, walk->scores != NULL ? config->flip_most : 0, &walk->examples->network);
}

enum status examples_walk(MPI_Comm comm, struct slab *slab, const struct ridge *ridge, const struct scores *scores,
                          struct table *table, struct examples *examples)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    struct walk walk = {.slab = slab, .ridge = ridge, .scores = scores, .table = table, .examples = examples};
    begin(&walk);
    enum status status = STATUS_OK;
    for (int64_t b = rank; b < slab_count(slab->inquiry) && status == STATUS_OK; b += size)
        status = take_block(&walk, b);
    if (scores != NULL && !scores->all && rank == 0)
        take_kept(scores, &examples->network);
    memory_free(walk.change);
    memory_free(walk.e);
    memory_free(walk.h);
    memory_free(walk.u);
    status = agree(comm, status);
    if (status == STATUS_OK) {
        extremes_merge(comm, &examples->ridge);
        extremes_merge(comm, &examples->network);
    } else {
        examples_clear(examples);
    }
    return status;
}

void examples_clear(struct examples *examples)
{
    extremes_clear(&examples->ridge);
    extremes_clear(&examples->network);
}
