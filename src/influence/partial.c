#include "influence/partial.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "comm/share.h"
#include "influence/profile.h"

void partial_init(struct partial *partial, const struct study *study, const struct influence_plan *plan)
{
    *partial = (struct partial){.n_block = plan->n_block};
    for (int side = 0; side < N_SIDES; side++)
        top_init(&partial->top[side], (enum side)side, plan->n_query, plan->top, study->n_used + study->n_layer);
    totals_init(&partial->totals, study);
    segments_init(&partial->segments);
    partial->done = memory_allocate(plan->n_block, 1);
    partial->row_digest = memory_allocate(plan->n_block, DIGEST_BYTES);
}

void partial_clear(struct partial *partial)
{
    for (int side = 0; side < N_SIDES; side++)
        top_clear(&partial->top[side]);
    totals_clear(&partial->totals);
    segments_clear(&partial->segments);
    memory_free(partial->done);
    memory_free(partial->row_digest);
    *partial = (struct partial){0};
}

enum { BATCH = 4096, CHUNK = 32 };

/* Entries of a tile that may be kept, and their scores resolved by used checkpoint and layer, in units of the grid. */
struct batch {
    int64_t n;
    int64_t *at;   /* owned; BATCH places in the tile */
    int64_t *part; /* owned; BATCH × (n_used + n_layer) */
};

/* A query's entry can only be kept from `high` up or from `low` down: in units of the grid, on the safe side. */
struct limits {
    int64_t *high, *low; /* owned; n_query */
};

static int64_t to_units(double score, double unit)
{
    double units = score / unit;
    return units > 0x1p61 ? INT64_C(1) << 61 : units < -0x1p61 ? -(INT64_C(1) << 61) : (int64_t)floor(units);
}

static void set_limits(const struct partial *partial, double unit, struct limits *limits)
{
    for (int side = 0; side < N_SIDES; side++) {
        const struct top *top = &partial->top[side];
        for (int64_t j = 0; j < top->n_query; j++) {
            bool full = top->count[j] == top->top;
            int64_t units = full ? to_units(top_last_score(top, j), unit) : 0;
            if (side == PROPONENTS)
                limits->high[j] = full ? units : INT64_MIN;
            else
                limits->low[j] = full ? units + 1 : INT64_MAX;
        }
    }
}

/* Whether any of a few neighbouring scores is beyond its limit: almost never, once the lists are full. */
VECTORISED
static bool any_beyond(const int64_t *restrict score, const int64_t *restrict high, const int64_t *restrict low,
                       int64_t n)
{
    int64_t beyond = 0;
    for (int64_t j = 0; j < n; j++)
        beyond |= (score[j] >= high[j]) | (score[j] <= low[j]);
    return beyond != 0;
}

/* This member's share of the parts of every entry of the batch. */
static void fill_parts(const struct study *study, const struct team *team, const struct tile *tile,
                       const struct batch *batch)
{
    int64_t plane = tile->n * tile->n_query;
    int n_part = study->n_used + study->n_layer;
    memset(batch->part, 0, (size_t)(batch->n * n_part) * sizeof *batch->part);
    for (int64_t e = 0; e < batch->n; e++) {
        int64_t *part = batch->part + e * n_part;
        for (int k = 0; k < team->n_k; k++)
            part[team->k_first + k] = tile->by_checkpoint[k * plane + batch->at[e]];
        for (int l = 0; l < study->n_layer; l++)
            part[study->n_used + l] = tile->by_layer[l * plane + batch->at[e]];
    }
}

/* The leader's batch on every member; false when it said that there is no more. */
static bool share_batch(const struct team *team, struct batch *batch)
{
    if (team->n_member == 1)
        return batch->n > 0;
    MPI_Bcast(&batch->n, 1, MPI_INT64_T, 0, team->comm);
    MPI_Bcast(batch->at, to_int(batch->n), MPI_INT64_T, 0, team->comm);
    return batch->n > 0;
}

static void gather_parts(const struct study *study, const struct team *team, const struct tile *tile,
                         struct batch *batch)
{
    fill_parts(study, team, tile, batch);
    if (team->n_member > 1)
        share_sum_to(team->comm, batch->part, batch->part, batch->n * (study->n_used + study->n_layer));
}

/* score = integer · 2^exponent, exactly: the integer has at most 51 bits. */
static void offer_batch(struct partial *partial, const struct study *study, int64_t first, const struct tile *tile,
                        const struct batch *batch)
{
    double unit = ldexp(1, tile->exponent);
    int n_part = study->n_used + study->n_layer;
    double *part = memory_allocate(n_part, sizeof *part);
    for (int64_t e = 0; e < batch->n; e++) {
        int64_t query = batch->at[e] % tile->n_query, index = first + tile->row + batch->at[e] / tile->n_query;
        double score = (double)tile->total[batch->at[e]] * unit;
        for (int p = 0; p < n_part; p++)
            part[p] = (double)batch->part[e * n_part + p] * unit;
        for (int side = 0; side < N_SIDES; side++)
            if (top_wants(&partial->top[side], query, score, index))
                top_offer(&partial->top[side], query, score, index, part);
    }
    memory_free(part);
}

static void flush_batch(struct partial *partial, const struct study *study, const struct team *team, int64_t first,
                        const struct tile *tile, struct batch *batch)
{
    if (!share_batch(team, batch))
        return;
    gather_parts(study, team, tile, batch);
    offer_batch(partial, study, first, tile, batch);
    batch->n = 0;
}

static void lead(struct partial *partial, const struct study *study, const struct team *team, int64_t first,
                 const struct tile *tile, struct batch *batch)
{
    int64_t m = tile->n_query;
    struct limits limits = {memory_allocate(m, sizeof(int64_t)), memory_allocate(m, sizeof(int64_t))};
    double unit = ldexp(1, tile->exponent);
    set_limits(partial, unit, &limits);
    for (int64_t i = 0; i < tile->n; i++)
        for (int64_t j = 0; j < m; j += CHUNK) {
            int64_t n = m - j < CHUNK ? m - j : CHUNK;
            const int64_t *score = tile->total + i * m + j;
            if (!any_beyond(score, limits.high + j, limits.low + j, n))
                continue;
            for (int64_t q = 0; q < n; q++)
                if (score[q] >= limits.high[j + q] || score[q] <= limits.low[j + q])
                    batch->at[batch->n++] = i * m + j + q;
            if (batch->n > BATCH - CHUNK) {
                flush_batch(partial, study, team, first, tile, batch);
                set_limits(partial, unit, &limits);
            }
        }
    if (batch->n > 0)
        flush_batch(partial, study, team, first, tile, batch);
    if (team->n_member > 1)
        share_batch(team, batch); /* an empty one: no more */
    memory_free(limits.high);
    memory_free(limits.low);
}

void partial_add_tile(struct partial *partial, const struct study *study, const struct team *team,
                      const struct sample_rows *rows, const struct tile *tile)
{
    struct batch batch = {.at = memory_allocate_raw(BATCH, sizeof(int64_t)),
                          .part =
                              memory_allocate_raw((int64_t)BATCH * (study->n_used + study->n_layer), sizeof(int64_t))};
    enum phase phase = profile_enter(PHASE_KEPT);
    if (team_leads(team)) {
        lead(partial, study, team, rows->first, tile, &batch);
        profile_enter(PHASE_TOTALS);
        totals_add_groups(&partial->totals, rows, tile);
    } else {
        while (share_batch(team, &batch))
            gather_parts(study, team, tile, &batch);
    }
    profile_enter(PHASE_TOTALS);
    totals_add_parts(&partial->totals, team, tile);
    profile_enter(phase);
    memory_free(batch.at);
    memory_free(batch.part);
}

enum status partial_end_block(struct partial *partial, const struct team *team, int64_t block, int exponent,
                              const uint8_t *row_digest)
{
    if (team_leads(team)) {
        partial->done[block] = 1;
        memcpy(partial->row_digest + block * DIGEST_BYTES, row_digest, DIGEST_BYTES);
    }
    return totals_end_block(&partial->totals, exponent);
}
