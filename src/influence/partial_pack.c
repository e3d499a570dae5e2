/* Partial results as bytes: for the journal, and on their way to rank 0. */
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "influence/partial.h"

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

/* What a journal keeps beside results: how the blocks' rows can be known again, and what was read for them. */
static void pack_evidence(const struct partial *partial, struct text *bytes)
{
    char *segments;
    int64_t n;
    segments_pack(&partial->segments, &segments, &n);
    text_reserve(bytes, (size_t)(n + partial->n_block * DIGEST_BYTES) + DIGEST_BYTES); /* a journal adds a digest */
    for (int64_t b = 0; b < partial->n_block; b++)
        if (partial->done[b])
            text_add_bytes(bytes, partial->row_digest + b * DIGEST_BYTES, DIGEST_BYTES);
    text_add_bytes(bytes, segments, (size_t)n);
    memory_free(segments);
}

static void pack(struct partial *partial, struct text *bytes)
{
    text_reserve(bytes, (size_t)packed_bytes(partial));
    text_add_bytes(bytes, partial->done, (size_t)partial->n_block);
    for (int side = 0; side < N_SIDES; side++)
        top_pack(&partial->top[side], bytes);
    totals_pack(&partial->totals, bytes);
}

void partial_pack(struct partial *partial, struct text *bytes)
{
    pack(partial, bytes);
    pack_evidence(partial, bytes);
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

static enum status unpack(struct partial *partial, const char **bytes, int64_t *left)
{
    enum status status = take_done(partial, bytes, left);
    for (int side = 0; side < N_SIDES && status == STATUS_OK; side++)
        status = top_unpack(&partial->top[side], bytes, left);
    return status == STATUS_OK ? totals_unpack(&partial->totals, bytes, left) : status;
}

/* `flags`: the blocks that these bytes speak of. */
static enum status unpack_evidence(struct partial *partial, const char *flags, const char *bytes, int64_t left)
{
    for (int64_t b = 0; b < partial->n_block; b++) {
        if (!flags[b])
            continue;
        if (left < DIGEST_BYTES)
            return fail(BAD_RUN, "a partial result of another shape, or cut off");
        memcpy(partial->row_digest + b * DIGEST_BYTES, bytes, DIGEST_BYTES);
        bytes += DIGEST_BYTES;
        left -= DIGEST_BYTES;
    }
    return segments_unpack(bytes, left, &partial->segments);
}

enum status partial_unpack(struct partial *partial, const char *bytes, int64_t n)
{
    const char *flags = bytes;
    enum status status = unpack(partial, &bytes, &n);
    return status == STATUS_OK ? unpack_evidence(partial, flags, bytes, n) : status;
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
            pack(partial, &bytes);
            share_send(comm, rank - step, bytes.bytes, (int64_t)bytes.length);
            text_clear(&bytes);
            break;
        }
        if (rank % (2 * step) == 0 && rank + step < size) {
            int64_t n;
            char *bytes = share_receive(comm, rank + step, &n);
            const char *at = bytes;
            if (status == STATUS_OK)
                status = unpack(partial, &at, &n);
            memory_free(bytes);
        }
    }
    if (rank == 0 && status == STATUS_OK)
        for (int side = 0; side < N_SIDES; side++)
            top_sort(&partial->top[side]);
    return agree(comm, status);
}
