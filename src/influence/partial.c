#include "influence/partial.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "comm/agree.h"
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
}

void partial_clear(struct partial *partial)
{
    for (int side = 0; side < N_SIDES; side++)
        top_clear(&partial->top[side]);
    totals_clear(&partial->totals);
    segments_clear(&partial->segments);
    memory_free(partial->done);
    *partial = (struct partial){0};
}

/* ---- kept entries ---------------------------------------------------------------------------------------------- */

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

void partial_add_tile(struct partial *partial, const struct study *study, const struct team *team, int64_t first,
                      const struct tile *tile)
{
    struct batch batch = {.at = memory_allocate(BATCH, sizeof(int64_t)),
                          .part = memory_allocate((int64_t)BATCH * (study->n_used + study->n_layer), sizeof(int64_t))};
    enum phase phase = profile_enter(PHASE_KEPT);
    if (team_leads(team)) {
        lead(partial, study, team, first, tile, &batch);
        profile_enter(PHASE_TOTALS);
        totals_add_groups(&partial->totals, study, first, tile);
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

enum status partial_end_block(struct partial *partial, const struct team *team, int64_t block, int exponent)
{
    if (team_leads(team))
        partial->done[block] = 1;
    return totals_end_block(&partial->totals, exponent);
}

/* ---- packing --------------------------------------------------------------------------------------------------- */

/* All but the segments, at most.  A text that grows by doubling would take three times as much on the way. */
static int64_t packed_bytes(const struct partial *partial)
{
    int64_t bytes = partial->n_block + totals_packed_bytes(&partial->totals);
    for (int side = 0; side < N_SIDES; side++) {
        const struct top *top = &partial->top[side];
        int64_t entry = (int64_t)(sizeof *top->score + sizeof *top->index) + top->n_part * (int64_t)sizeof *top->part;
        bytes += top->n_query * ((int64_t)sizeof(int64_t) + top->top * entry);
    }
    return bytes;
}

static void pack(struct partial *partial, bool with_segments, struct text *bytes)
{
    char *segments = NULL;
    int64_t n_segment_byte = 0;
    if (with_segments)
        segments_pack(&partial->segments, &segments, &n_segment_byte);
    text_reserve(bytes, (size_t)(packed_bytes(partial) + n_segment_byte) + DIGEST_BYTES); /* a journal adds a digest */
    text_add_bytes(bytes, partial->done, (size_t)partial->n_block);
    for (int side = 0; side < N_SIDES; side++)
        top_pack(&partial->top[side], bytes);
    totals_pack(&partial->totals, bytes);
    if (with_segments)
        text_add_bytes(bytes, segments, (size_t)n_segment_byte);
    memory_free(segments);
}

void partial_pack(struct partial *partial, struct text *bytes)
{
    pack(partial, true, bytes);
}

static enum status take_done(struct partial *partial, const char **bytes, int64_t *left)
{
    if (*left < partial->n_block)
        return fail(BAD_RUN, "a partial result of another shape, or cut off");
    for (int64_t b = 0; b < partial->n_block; b++) {
        uint8_t flag = (uint8_t)(*bytes)[b];
        if (flag > 1 || (flag == 1 && partial->done[b]))
            return fail(BAD_RUN, "a partial result names block %lld twice", (long long)b);
        partial->done[b] |= flag;
    }
    *bytes += partial->n_block;
    *left -= partial->n_block;
    return STATUS_OK;
}

enum status partial_unpack(struct partial *partial, const char *bytes, int64_t n)
{
    enum status status = take_done(partial, &bytes, &n);
    for (int side = 0; side < N_SIDES && status == STATUS_OK; side++)
        status = top_unpack(&partial->top[side], &bytes, &n);
    if (status == STATUS_OK)
        status = totals_unpack(&partial->totals, &bytes, &n);
    return status == STATUS_OK ? segments_unpack(bytes, n, &partial->segments) : status;
}

enum status partial_reduce(MPI_Comm comm, struct partial *partial)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum status status = STATUS_OK;
    for (int step = 1; step < size; step *= 2) {
        if (rank % (2 * step) == step) {
            struct text bytes;
            text_init(&bytes);
            pack(partial, false, &bytes);
            share_send(comm, rank - step, bytes.bytes, (int64_t)bytes.length);
            text_clear(&bytes);
            break;
        }
        if (rank % (2 * step) == 0 && rank + step < size) {
            int64_t n;
            char *bytes = share_receive(comm, rank + step, &n);
            if (status == STATUS_OK)
                status = partial_unpack(partial, bytes, n);
            memory_free(bytes);
        }
    }
    if (rank == 0 && status == STATUS_OK)
        for (int side = 0; side < N_SIDES; side++)
            top_sort(&partial->top[side]);
    return agree(comm, status);
}
