#include "influence/partial.h"

#include <math.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"

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

/* score = integer · 2^exponent, exactly: the integer has at most 51 bits. */
static double to_score(int64_t integer, double unit)
{
    return (double)integer * unit;
}

/* The entry's score by checkpoint, then by layer. */
static void set_parts(const struct study *study, const struct tile *tile, int64_t at, double unit, double *part)
{
    int64_t plane = tile->n * tile->n_query;
    for (int k = 0; k < study->n_used; k++)
        part[k] = to_score(tile->by_checkpoint[k * plane + at], unit);
    for (int l = 0; l < study->n_layer; l++)
        part[study->n_used + l] = to_score(tile->by_layer[l * plane + at], unit);
}

void partial_add_tile(struct partial *partial, const struct study *study, int64_t first, const struct tile *tile)
{
    double unit = ldexp(1, tile->exponent);
    double *part = memory_allocate(study->n_used + study->n_layer, sizeof *part);
    for (int64_t i = 0; i < tile->n; i++)
        for (int64_t j = 0; j < tile->n_query; j++) {
            int64_t at = i * tile->n_query + j, index = first + tile->row + i;
            double score = to_score(tile->total[at], unit);
            for (int side = 0; side < N_SIDES; side++)
                if (top_wants(&partial->top[side], j, score, index)) {
                    set_parts(study, tile, at, unit, part);
                    top_offer(&partial->top[side], j, score, index, part);
                }
        }
    memory_free(part);
    totals_add_tile(&partial->totals, study, first, tile);
}

enum status partial_end_block(struct partial *partial, int64_t block, int exponent)
{
    partial->done[block] = 1;
    return totals_end_block(&partial->totals, exponent);
}

/* ---- packing --------------------------------------------------------------------------------------------------- */

static void pack(struct partial *partial, bool with_segments, struct text *bytes)
{
    text_add_bytes(bytes, partial->done, (size_t)partial->n_block);
    for (int side = 0; side < N_SIDES; side++)
        top_pack(&partial->top[side], bytes);
    totals_pack(&partial->totals, bytes);
    if (with_segments) {
        char *segments;
        int64_t n;
        segments_pack(&partial->segments, &segments, &n);
        text_add_bytes(bytes, segments, (size_t)n);
        memory_free(segments);
    }
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
