#include "counterfactual/changes.h"

#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/progress.h"
#include "comm/share.h"

/* What one rank works on at a time: some of its scenarios, over all rows. */
struct batch {
    const struct scenarios *scenarios;
    const struct ridge *ridge; /* NULL: no such level, as the next one */
    const struct scores *scores;
    struct slab *slab;
    struct changes *changes;
    int64_t *chosen; /* owned; scenarios of the batch */
    int64_t n;
    struct removal *removals; /* owned; n, with a ridge */
    struct network_sum *sums; /* owned; n, with all scores */
    int64_t n_replicate;
    double *u, *h, *e;       /* owned; of a block */
    double *z, *t, *eh, *ee; /* owned; of the members in a block */
    uint8_t *weight;         /* owned; of a row */
};

static bool has_all_scores(const struct batch *batch)
{
    return batch->scores != NULL && batch->scores->all;
}

static struct network_effect effect_of(const struct changes *changes, int64_t s)
{
    int64_t at = s * changes->n_query;
    return (struct network_effect){changes->loss + at, changes->error + at, changes->low + at, changes->high + at,
                                   changes->kind + at};
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* Members of scenario k in the block, packed; returns their number. */
static int64_t pack_members(struct batch *batch, int64_t k)
{
    const struct scenario *scenario = &batch->scenarios->items[batch->chosen[k]];
    const struct slab *slab = batch->slab;
    int64_t n = 0, size = slab->size, outputs = slab->targets->n;
    for (int64_t i = 0; i < slab->n; i++) {
        if (!scenario_has(scenario, &slab->rows, i))
            continue;
        memcpy(batch->z + n * size, slab->z + i * size, (size_t)size * sizeof *batch->z);
        memcpy(batch->t + n * outputs, slab->t + i * outputs, (size_t)outputs * sizeof *batch->t);
        memcpy(batch->ee + n * outputs, batch->e + i * outputs, (size_t)outputs * sizeof *batch->ee);
        batch->eh[n++] = batch->h[i];
    }
    return n;
}

static enum status add_scores(struct batch *batch)
{
    const struct slab *slab = batch->slab;
    int64_t seed = slab->inquiry->config->seed, m = batch->changes->n_query;
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < slab->n && status == STATUS_OK; i++) {
        bool drawn = false; /* of the bootstrap: for rows that any scenario leaves out */
        for (int64_t k = 0; k < batch->n && status == STATUS_OK; k++) {
            if (!scenario_has(&batch->scenarios->items[batch->chosen[k]], &slab->rows, i))
                continue;
            if (!drawn)
                network_weights(seed, slab->first + i, batch->n_replicate, batch->weight);
            drawn = true;
            status = network_sum_add(&batch->sums[k], slab->score + i * m, batch->weight);
        }
    }
    return status;
}

/* Whether any scenario of the batch can have a row of this block: those of single examples seldom do. */
static bool touches(const struct batch *batch, int64_t b)
{
    int64_t step = batch->slab->inquiry->config->block_rows;
    for (int64_t k = 0; k < batch->n; k++) {
        const struct scenario *scenario = &batch->scenarios->items[batch->chosen[k]];
        if (scenario->n_condition > 0)
            return true;
        for (int64_t i = 0; i < scenario->n_member; i++)
            if (scenario->members[i] / step == b)
                return true;
    }
    return false;
}

static enum status add_block(struct batch *batch, int64_t b)
{
    struct slab *slab = batch->slab;
    const struct ridge *ridge = batch->ridge;
    int wanted = SLAB_SAMPLES | (ridge ? SLAB_RIDGE : 0) | (has_all_scores(batch) ? SLAB_SCORES : 0);
    enum status status = slab_read(slab, b, wanted, false);
    if (status == STATUS_OK && ridge != NULL) {
        ridge_examine(ridge, slab->n, slab->z, slab->t, batch->u, batch->h, batch->e);
        for (int64_t k = 0; k < batch->n; k++) {
            int64_t n = pack_members(batch, k);
            removal_add(ridge, n, batch->z, batch->t, batch->eh, batch->ee, &batch->removals[k]);
        }
    }
    if (status == STATUS_OK && has_all_scores(batch))
        status = add_scores(batch);
    return status;
}

/* ---- results ---------------------------------------------------------------------------------------------------- */

static enum status finish_ridge(struct batch *batch, int64_t k)
{
    const struct ridge *ridge = batch->ridge;
    struct changes *changes = batch->changes;
    int64_t m = ridge->n_query, outputs = ridge->n_output, at = batch->chosen[k] * m;
    double *prediction = memory_allocate(m * outputs, sizeof *prediction);
    double *additive = memory_allocate(m * outputs, sizeof *additive);
    enum status status = removal_apply(ridge, &batch->removals[k], prediction, additive);
    for (int64_t q = 0; q < m && status == STATUS_OK; q++) {
        const double *f = prediction + q * outputs;
        for (int64_t c = 0; c < outputs; c++)
            changes->prediction[(at + q) * outputs + c] = f[c] - ridge->prediction[q * outputs + c];
        changes->margin[at + q] = ridge_margin(ridge, f, ridge->predicted[q]) - ridge->margin[q];
        changes->additive[at + q] = ridge_margin(ridge, additive + q * outputs, ridge->predicted[q]) - ridge->margin[q];
        changes->becomes[at + q] = ridge_decide(ridge, f);
    }
    memory_free(additive);
    memory_free(prediction);
    return status;
}

static void finish_network(struct batch *batch, int64_t k)
{
    const struct scenario *scenario = &batch->scenarios->items[batch->chosen[k]];
    struct network_effect effect = effect_of(batch->changes, batch->chosen[k]);
    if (has_all_scores(batch)) {
        network_sum_effect(&batch->sums[k], &effect);
    } else {
        const struct group_column *column =
            scenario->n_condition > 0 ? &batch->slab->inquiry->samples.columns[scenario->conditions->column] : NULL;
        double *totals = column != NULL ? scores_totals(batch->scores, column) : NULL;
        network_effect_kept(batch->scores, scenario, column, totals, &effect);
        memory_free(totals);
    }
    if (scenario->n_condition == 0 && scenario->n_member == 1)
        network_effect_spread(batch->scores, scenario->members[0], &effect);
}

/* ---- batches ---------------------------------------------------------------------------------------------------- */

static void begin(struct batch *batch)
{
    const struct slab *slab = batch->slab;
    int64_t rows = slab->rows.capacity, size = slab->size, outputs = slab->targets->n;
    batch->u = memory_allocate_raw(rows * size, sizeof(double));
    batch->z = memory_allocate_raw(rows * size, sizeof(double));
    batch->h = memory_allocate_raw(rows, sizeof(double));
    batch->eh = memory_allocate_raw(rows, sizeof(double));
    batch->e = memory_allocate_raw(rows * outputs, sizeof(double));
    batch->ee = memory_allocate_raw(rows * outputs, sizeof(double));
    batch->t = memory_allocate_raw(rows * outputs, sizeof(double));
    batch->weight = memory_allocate_raw(batch->n_replicate, 1);
}

static void end(struct batch *batch)
{
    memory_free(batch->weight);
    memory_free(batch->t);
    memory_free(batch->ee);
    memory_free(batch->e);
    memory_free(batch->eh);
    memory_free(batch->h);
    memory_free(batch->z);
    memory_free(batch->u);
}

/* The scenarios chosen, over all rows. */
static enum status run_batch(struct batch *batch)
{
    enum status status = STATUS_OK;
    batch->removals = memory_allocate(batch->n, sizeof *batch->removals);
    batch->sums = memory_allocate(batch->n, sizeof *batch->sums);
    for (int64_t k = 0; k < batch->n; k++) {
        if (batch->ridge != NULL)
            removal_init(batch->ridge, &batch->removals[k]);
        if (has_all_scores(batch))
            network_sum_init(batch->changes->n_query, batch->n_replicate, &batch->sums[k]);
    }
    bool walks = batch->ridge != NULL || has_all_scores(batch);
    for (int64_t b = 0; walks && b < slab_count(batch->slab->inquiry) && status == STATUS_OK; b++)
        if (touches(batch, b))
            status = add_block(batch, b);
    for (int64_t k = 0; k < batch->n; k++) {
        if (status == STATUS_OK && batch->ridge != NULL)
            status = finish_ridge(batch, k);
        if (status == STATUS_OK && batch->scores != NULL)
            finish_network(batch, k);
        removal_clear(&batch->removals[k]);
        network_sum_clear(&batch->sums[k]);
    }
    memory_free(batch->sums);
    memory_free(batch->removals);
    return status;
}

/* The scenarios s with s mod ranks = rank, as many at a time as the plan says. */
static enum status run_batches(const struct changes_request *request, struct batch *batch)
{
    int rank, size;
    MPI_Comm_rank(request->comm, &rank);
    MPI_Comm_size(request->comm, &size);
    int64_t n = batch->scenarios->n, most = request->at_a_time;
    struct progress progress;
    progress_begin(&progress, request->show, "counterfactual", "scenarios", (n + size - 1 - rank) / size, n);
    batch->chosen = memory_allocate(most < n ? most : n, sizeof *batch->chosen);
    enum status status = STATUS_OK;
    for (int64_t s = rank; s < n && status == STATUS_OK;) {
        for (batch->n = 0; batch->n < most && s < n; s += size)
            batch->chosen[batch->n++] = s;
        status = run_batch(batch);
        progress_add(&progress, batch->n);
    }
    progress_end(&progress);
    memory_free(batch->chosen);
    return agree(request->comm, status);
}

static void share_changes(MPI_Comm comm, struct changes *changes)
{
    int64_t n = changes->n_scenario * changes->n_query;
    share_doubles(comm, changes->prediction, n * changes->n_output);
    double *const all[] = {changes->margin, changes->additive, changes->loss,
                           changes->error,  changes->low,      changes->high};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        share_doubles(comm, all[i], n);
    int64_t *whole = memory_allocate(2 * n, sizeof *whole);
    for (int64_t i = 0; i < n; i++) {
        whole[i] = changes->becomes[i];
        whole[n + i] = changes->kind[i];
    }
    share_sum(comm, whole, 2 * n);
    for (int64_t i = 0; i < n; i++) {
        changes->becomes[i] = (int32_t)whole[i];
        changes->kind[i] = (uint8_t)whole[n + i];
    }
    memory_free(whole);
}

enum status changes_find(const struct changes_request *request, struct changes *changes)
{
    const struct inquiry *inquiry = request->slab->inquiry;
    int64_t n = request->scenarios->n * inquiry->queries.n;
    *changes = (struct changes){
        .n_scenario = request->scenarios->n, .n_query = inquiry->queries.n, .n_output = request->slab->targets->n};
    changes->prediction = memory_allocate(n * changes->n_output, sizeof(double));
    double **const all[] = {&changes->margin, &changes->additive, &changes->loss,
                            &changes->error,  &changes->low,      &changes->high};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = memory_allocate(n, sizeof(double));
    changes->becomes = memory_allocate(n, sizeof *changes->becomes);
    changes->kind = memory_allocate(n, sizeof *changes->kind);
    struct batch batch = {.scenarios = request->scenarios,
                          .ridge = request->ridge,
                          .scores = request->scores,
                          .slab = request->slab,
                          .changes = changes,
                          .n_replicate = inquiry->config->bootstrap};
    begin(&batch);
    enum status status = run_batches(request, &batch);
    end(&batch);
    if (status == STATUS_OK)
        share_changes(request->comm, changes);
    else
        changes_clear(changes);
    return status;
}

void changes_scale(struct changes *changes, double scale)
{
    for (int64_t i = 0; i < changes->n_scenario * changes->n_query; i++) {
        changes->loss[i] *= scale;
        changes->error[i] *= scale;
        changes->low[i] *= scale;
        changes->high[i] *= scale;
    }
}

void changes_clear(struct changes *changes)
{
    memory_free(changes->kind);
    memory_free(changes->high);
    memory_free(changes->low);
    memory_free(changes->error);
    memory_free(changes->loss);
    memory_free(changes->becomes);
    memory_free(changes->additive);
    memory_free(changes->margin);
    memory_free(changes->prediction);
    *changes = (struct changes){0};
}
