#include "influence/plan.h"

#include "base/memory.h"
#include "base/text.h"
#include "exact/digits.h"
#include "exact/sum.h"
#include "influence/capture.h"

enum { MAX_TILE_ROWS = 512, MAX_SCORE_BITS = 50 };

static int64_t all_digit_bytes(const struct influence_shape *shape, int64_t n_row)
{
    int64_t bytes = 0;
    for (int i = 0; i < shape->n_layer * shape->n_factor; i++)
        bytes += digits_bytes(to_int(shape->n_digit), n_row, shape->n_column[i]);
    return bytes * shape->n_used;
}

/* Score integers in total, per checkpoint and per layer (where there is more than one), and two products. */
static int64_t tile_row_bytes(const struct influence_shape *shape)
{
    int64_t planes = 1 + (shape->n_used > 1 ? shape->n_used : 0) + (shape->n_layer > 1 ? shape->n_layer : 0);
    return shape->n_query * (planes * (int64_t)sizeof(int64_t) + 3 * (int64_t)sizeof(double));
}

static int ceil_log2(int64_t value)
{
    int bits = 0;
    while (((int64_t)1 << bits) < value)
        bits++;
    return bits;
}

enum status influence_plan_make(const struct influence_shape *shape, struct influence_plan *plan)
{
    int parts = shape->n_used + shape->n_layer;
    *plan = (struct influence_plan){.n_train = shape->n_train,
                                    .n_query = shape->n_query,
                                    .top = shape->top < shape->n_train ? shape->top : shape->n_train,
                                    .block_rows = shape->block_rows};
    plan->n_block = (shape->n_train + shape->block_rows - 1) / shape->block_rows;
    plan->score_bits = 62 - ceil_log2(shape->block_rows);
    if (plan->score_bits > MAX_SCORE_BITS)
        plan->score_bits = MAX_SCORE_BITS;
    int64_t block = shape->block_rows < shape->n_train ? shape->block_rows : shape->n_train;
    plan->digit_bytes = all_digit_bytes(shape, block);
    plan->query_bytes = all_digit_bytes(shape, shape->n_query);
    int64_t entry = (int64_t)(sizeof(double) + sizeof(int64_t)) + parts * (int64_t)sizeof(double);
    plan->top_bytes = 2 * 2 * shape->n_query * plan->top * entry; /* twice: a rank merges another's lists */
    plan->total_bytes = 2 * shape->n_query * (2 * shape->n_group_value + parts) * (int64_t)sizeof(struct sum);
    int64_t widest = 1;
    for (int i = 0; i < shape->n_layer * shape->n_factor; i++)
        if (shape->n_column[i] > widest)
            widest = shape->n_column[i];
    plan->read_bytes = block * shape->input_row_bytes + capture_buffer_bytes(widest);
    int64_t fixed = plan->digit_bytes + plan->query_bytes + plan->top_bytes + plan->total_bytes + plan->read_bytes;
    int64_t left = shape->memory - fixed, row = tile_row_bytes(shape);
    plan->tile_rows = left < row ? 0 : left / row;
    if (plan->tile_rows > MAX_TILE_ROWS)
        plan->tile_rows = MAX_TILE_ROWS;
    if (plan->tile_rows > block)
        plan->tile_rows = block;
    plan->tile_bytes = plan->tile_rows * row;
    plan->peak_bytes = fixed + plan->tile_bytes;
    if (plan->tile_rows == 0) {
        char need[32], have[32], digits[32], queries[32], tops[32];
        return fail(
            CANNOT_FIT,
            "influence.memory: a rank needs more than %s (digits of a block %s, of the queries %s, kept entries %s), "
            "and may use %s: lower influence.block_rows, influence.keep.top or the number of queries, or raise "
            "influence.memory",
            figure_bytes((double)(fixed + row), need), figure_bytes((double)plan->digit_bytes, digits),
            figure_bytes((double)plan->query_bytes, queries), figure_bytes((double)plan->top_bytes, tops),
            figure_bytes((double)shape->memory, have));
    }
    return STATUS_OK;
}
