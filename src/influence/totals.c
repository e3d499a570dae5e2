#include "influence/totals.h"

#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "influence/score_row.h"

/* Sums of one block in units of its grid: int64 is enough, since the plan chose the grid so. */
struct block_totals {
    int64_t *positive, *negative; /* n_value × n_query */
    int64_t *checkpoint, *layer;  /* n_used × n_query, n_layer × n_query */
};

/* All sums lie one after the other, so that packing and merging need not tell them apart. */
static int64_t n_sums(const struct totals *totals)
{
    return (2 * totals->n_value + totals->n_used + totals->n_layer) * totals->n_query;
}

void totals_init(struct totals *totals, const struct study *study)
{
    *totals = (struct totals){.n_query = study->queries.n,
                              .n_used = study->n_used,
                              .n_layer = study->n_layer,
                              .n_column = study->samples.n_column};
    totals->offset = memory_allocate(totals->n_column, sizeof *totals->offset);
    for (int64_t c = 0; c < totals->n_column; c++) {
        totals->offset[c] = totals->n_value;
        totals->n_value += study->samples.columns[c].n_value;
    }
    int64_t m = totals->n_query, values = totals->n_value * m;
    totals->positive = memory_allocate(n_sums(totals), sizeof(struct sum));
    totals->negative = totals->positive + values;
    totals->checkpoint = totals->negative + values;
    totals->layer = totals->checkpoint + totals->n_used * m;
    totals->proponents = memory_allocate(values, sizeof(int64_t));
    totals->plane = memory_allocate(m, sizeof(int64_t));
    struct block_totals *block = memory_allocate(1, sizeof *block);
    block->positive = memory_allocate(n_sums(totals), sizeof(int64_t));
    block->negative = block->positive + values;
    block->checkpoint = block->negative + values;
    block->layer = block->checkpoint + totals->n_used * m;
    totals->block = block;
}

void totals_clear(struct totals *totals)
{
    if (totals->block != NULL)
        memory_free(totals->block->positive);
    memory_free(totals->block);
    memory_free(totals->positive);
    memory_free(totals->proponents);
    memory_free(totals->plane);
    memory_free(totals->offset);
    *totals = (struct totals){0};
}

struct group_sums { /* of one group value; n_query each */
    int64_t *positive, *negative, *proponents;
};

VECTORISED
static void add_example(int64_t n, const int64_t *restrict score, const struct group_sums *sums)
{
    int64_t *restrict positive = sums->positive, *restrict negative = sums->negative;
    int64_t *restrict proponents = sums->proponents;
    for (int64_t j = 0; j < n; j++) {
        positive[j] += score[j] > 0 ? score[j] : 0;
        negative[j] += score[j] < 0 ? score[j] : 0;
        proponents[j] += score[j] > 0;
    }
}

void totals_add_groups(struct totals *totals, const struct sample_rows *rows, const struct tile *tile)
{
    int64_t m = totals->n_query;
    for (int64_t i = 0; i < tile->n; i++)
        for (int64_t c = 0; c < totals->n_column; c++) {
            int64_t value = totals->offset[c] + sample_rows_codes(rows, c)[tile->row + i];
            struct group_sums sums = {totals->block->positive + value * m, totals->block->negative + value * m,
                                      totals->proponents + value * m};
            add_example(m, tile->total + i * m, &sums);
        }
}

static void add_plane(int64_t *into, const int64_t *plane, int64_t n_row, int64_t n_query)
{
    for (int64_t i = 0; i < n_row; i++)
        score_add(into, plane + i * n_query, n_query);
}

void totals_add_parts(struct totals *totals, const struct team *team, const struct tile *tile)
{
    int64_t m = totals->n_query;
    int64_t *checkpoint = totals->block->checkpoint + team->k_first * m, *layer = totals->block->layer;
    if (tile->by_checkpoint == tile->by_layer && team->n_k == 1) { /* one plane is both */
        memset(totals->plane, 0, (size_t)m * sizeof *totals->plane);
        add_plane(totals->plane, tile->own, tile->n, m);
        score_add(checkpoint, totals->plane, m);
        score_add(layer, totals->plane, m);
        return;
    }
    for (int k = 0; k < team->n_k; k++)
        add_plane(checkpoint + k * m, tile->by_checkpoint + k * tile->n * m, tile->n, m);
    for (int l = 0; l < totals->n_layer; l++)
        add_plane(layer + l * m, tile->by_layer + l * tile->n * m, tile->n, m);
}

enum status totals_end_block(struct totals *totals, int exponent)
{
    bool fits = true;
    for (int64_t i = 0; i < n_sums(totals); i++)
        fits &= sum_add(&totals->positive[i], totals->block->positive[i], exponent);
    memset(totals->block->positive, 0, (size_t)n_sums(totals) * sizeof(int64_t));
    return fits ? STATUS_OK
                : fail(BAD_INPUT, "a total over the examples leaves the range that exact sums can hold: scale the "
                                  "captured gradients");
}

int64_t totals_packed_bytes(const struct totals *totals)
{
    return n_sums(totals) * (int64_t)sizeof(struct sum) + totals->n_value * totals->n_query * (int64_t)sizeof(int64_t);
}

void totals_pack(struct totals *totals, struct text *bytes)
{
    for (int64_t i = 0; i < n_sums(totals); i++)
        sum_normalise(&totals->positive[i]);
    text_add_bytes(bytes, totals->positive, (size_t)n_sums(totals) * sizeof(struct sum));
    text_add_bytes(bytes, totals->proponents, (size_t)(totals->n_value * totals->n_query) * sizeof(int64_t));
}

enum status totals_unpack(struct totals *totals, const char **bytes, int64_t *left)
{
    int64_t n_count = totals->n_value * totals->n_query, need = totals_packed_bytes(totals);
    if (*left < need)
        return fail(BAD_RUN, "totals of another shape, or cut off");
    for (int64_t i = 0; i < n_sums(totals); i++) {
        struct sum sum;
        memcpy(&sum, *bytes + i * (int64_t)sizeof sum, sizeof sum);
        sum_merge(&totals->positive[i], &sum);
    }
    const char *counts = *bytes + n_sums(totals) * (int64_t)sizeof(struct sum);
    for (int64_t i = 0; i < n_count; i++) {
        int64_t count;
        memcpy(&count, counts + i * (int64_t)sizeof count, sizeof count);
        totals->proponents[i] += count;
    }
    *bytes += need;
    *left -= need;
    return STATUS_OK;
}
