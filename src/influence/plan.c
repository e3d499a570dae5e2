#include "influence/plan.h"

#include "base/memory.h"
#include "base/text.h"
#include "exact/digits.h"
#include "exact/sum.h"
#include "influence/count.h"
#include "influence/team.h"

_Static_assert(MAX_DIGITS == 4, "tile_rows below knows what products of digits take");

enum {
    /* Wide products repay their packing over many rows; of narrow ones the passes over the tile cost more, and want it
     * in cache (both measured). */
    WIDE_TILE_ROWS = 512,
    NARROW_TILE_ROWS = 128,
    NARROW_COLUMNS = 256,
    MAX_SCORE_BITS = 50,
    SMALL_BYTES = 2 << 20 /* batches of kept entries, rows on their way to the table, messages: none grows */
};

/* Checkpoints of the busiest member of a team. */
static int64_t member_checkpoints(const struct influence_shape *shape, int64_t n_member)
{
    return (shape->n_used + n_member - 1) / n_member;
}

static int64_t all_digit_bytes(const struct influence_shape *shape, int64_t n_k, int64_t n, bool train)
{
    int64_t bytes = 0;
    for (int l = 0; l < shape->n_layer; l++) {
        const struct layer_shape *layer = &shape->layers[l];
        int64_t rows = count_product(n, train ? layer->train_rows : layer->query_rows);
        bytes = count_sum(bytes, count_product(n, (int64_t)sizeof(double)));
        for (int f = 0; f < layer->n_factor; f++)
            bytes = count_sum(bytes, digits_bytes(to_int(shape->n_digit), rows, layer->n_column[f]));
    }
    return count_product(bytes, n_k);
}

/* One example of a tile: score integers in total, per checkpoint and per layer, and the products of the largest layer
 * with what their making takes. */
static int64_t tile_row_bytes(const struct influence_shape *shape, int64_t n_k, int64_t n_member)
{
    int64_t planes = 1 + (n_member > 1) + (n_k > 1 ? n_k : 0) + (shape->n_layer > 1 ? shape->n_layer : 0);
    int64_t products = 0;
    for (int l = 0; l < shape->n_layer; l++) {
        const struct layer_shape *layer = &shape->layers[l];
        int64_t entries = count_product(layer->train_rows, layer->query_rows);
        products = entries > products ? entries : products;
    }
    int64_t entry = count_sum(planes * (int64_t)sizeof(int64_t), count_product(products, 4 * (int64_t)sizeof(double)));
    return count_product(shape->n_query, entry);
}

static int64_t max_tile_rows(const struct influence_shape *shape)
{
    int64_t widest = 0;
    for (int l = 0; l < shape->n_layer; l++)
        for (int f = 0; f < shape->layers[l].n_factor; f++)
            widest = shape->layers[l].n_column[f] > widest ? shape->layers[l].n_column[f] : widest;
    return widest < NARROW_COLUMNS ? NARROW_TILE_ROWS : WIDE_TILE_ROWS;
}

static int ceil_log2(int64_t value)
{
    int bits = 0;
    while (bits < 62 && ((int64_t)1 << bits) < value)
        bits++;
    return bits;
}

/* The grid of ranks, the blocks, and the bits that a score may have so that the sum over a block fits int64. */
static void plan_grid(const struct influence_shape *shape, struct influence_plan *plan)
{
    plan->n_block = (shape->n_train + shape->block_rows - 1) / shape->block_rows;
    plan->n_member = team_members(shape->n_rank, plan->n_block, shape->n_used);
    plan->n_team = shape->n_rank / plan->n_member;
    plan->n_round = (plan->n_block + plan->n_team - 1) / plan->n_team;
    plan->score_bits = 62 - ceil_log2(shape->block_rows);
    if (plan->score_bits > MAX_SCORE_BITS)
        plan->score_bits = MAX_SCORE_BITS;
}

/* While one layer of a block, or of the queries, is read. */
static int64_t reading_bytes(const struct influence_shape *shape, int64_t block)
{
    const int64_t n[PLAN_SIDES] = {[PLAN_EXAMPLES] = block, [PLAN_QUERIES] = shape->n_query};
    int64_t most = 0;
    for (int l = 0; l < shape->n_layer; l++)
        for (int side = 0; side < PLAN_SIDES; side++) {
            const struct reading_shape *reading = &shape->layers[l].reading[side];
            int64_t bytes = count_sum(count_product(n[side], reading->example_bytes), reading->fixed_bytes);
            most = bytes > most ? bytes : most;
        }
    return most;
}

static void plan_memory(const struct influence_shape *shape, int64_t block, int64_t n_k, struct influence_plan *plan)
{
    int64_t parts = shape->n_used + shape->n_layer, slots = shape->ahead ? 2 : 1;
    int64_t entry = (int64_t)(sizeof(double) + sizeof(int64_t) + sizeof(int32_t)) + parts * (int64_t)sizeof(double);
    int64_t sums = count_sum(count_product(2, shape->n_group_value), parts);
    plan->digit_bytes = count_product(all_digit_bytes(shape, n_k, block, true), slots);
    plan->query_bytes = all_digit_bytes(shape, n_k, shape->n_query, false);
    /* Twice: a rank merges another's lists. */
    plan->top_bytes = count_product(count_product(2 * 2 * entry, shape->n_query), plan->top);
    plan->total_bytes =
        count_product(count_product(shape->n_query, sums), 2 * (int64_t)sizeof(struct sum) + (int64_t)sizeof(int64_t));
    plan->read_bytes = reading_bytes(shape, block);
    plan->sample_bytes = count_sum(count_product(count_product(block, shape->row_bytes), slots), shape->record_bytes);
}

/* Products of bytes for one of numbers: one for each pair of digits, and three for two digits on any CPU with VNNI. The
 * calibration counts like this, too, so that elsewhere the time of two digits is still foreseen. */
static double digit_pairs(const struct influence_shape *shape)
{
    double d = (double)shape->n_digit;
    return shape->leading ? d * (d + 1) / 2 : shape->n_digit == 2 ? 3 : d * d;
}

static void plan_work(const struct influence_shape *shape, struct influence_plan *plan)
{
    double n = (double)shape->n_train, m = (double)shape->n_query, pairs = digit_pairs(shape);
    for (int l = 0; l < shape->n_layer; l++) {
        const struct layer_shape *layer = &shape->layers[l];
        double entries = (double)layer->train_rows * (double)layer->query_rows;
        plan->input_bytes += n * shape->n_used * (double)layer->stored_bytes;
        plan->score_terms += n * m * shape->n_used * entries;
        for (int f = 0; f < layer->n_factor; f++)
            plan->digit_products += n * m * shape->n_used * entries * pairs * (double)layer->n_column[f];
    }
    plan->output_bytes =
        (8 + (double)shape->row_bytes) * n + (shape->keep_scores ? 8 * n * m : 0) + (double)plan->top_bytes / 2;
    /* Three short agreements a round, and a tree of depth log2(ranks) for the results. */
    int depth = ceil_log2(shape->n_rank);
    plan->n_message = (double)plan->n_round * 3 * depth + 4.0 * depth;
    plan->message_bytes = 16 * plan->n_message + depth * 0.5 * ((double)plan->top_bytes + (double)plan->total_bytes);
    if (plan->n_member > 1)
        plan->message_bytes += 8 * m * (double)plan->n_round * (double)plan->block_rows;
}

static enum status refuse(const struct influence_shape *shape, const struct influence_plan *plan, int64_t need)
{
    char needed[32], have[32], digits[32], queries[32], tops[32], read[32], samples[32];
    return fail(
        CANNOT_FIT,
        "influence.memory: a rank needs more than %s (digits of blocks %s, of the queries %s, kept entries %s, "
        "reading %s, samples %s), and may use %s: lower influence.block_rows, influence.keep.top or the number of "
        "queries, or raise influence.memory",
        figure_bytes((double)need, needed), figure_bytes((double)plan->digit_bytes, digits),
        figure_bytes((double)plan->query_bytes, queries), figure_bytes((double)plan->top_bytes, tops),
        figure_bytes((double)plan->read_bytes, read), figure_bytes((double)plan->sample_bytes, samples),
        figure_bytes((double)shape->memory, have));
}

enum status influence_plan_make(const struct influence_shape *shape, struct influence_plan *plan)
{
    *plan = (struct influence_plan){.n_train = shape->n_train,
                                    .n_query = shape->n_query,
                                    .top = shape->top < shape->n_train ? shape->top : shape->n_train,
                                    .block_rows = shape->block_rows};
    plan_grid(shape, plan);
    int64_t block = shape->block_rows < shape->n_train ? shape->block_rows : shape->n_train;
    int64_t n_k = member_checkpoints(shape, plan->n_member);
    plan_memory(shape, block, n_k, plan);
    plan_work(shape, plan);
    const int64_t parts[] = {plan->digit_bytes, plan->query_bytes, plan->top_bytes,
                             plan->total_bytes, plan->read_bytes,  plan->sample_bytes};
    int64_t fixed = SMALL_BYTES, row = tile_row_bytes(shape, n_k, plan->n_member);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        fixed = count_sum(fixed, parts[i]);
    int64_t left = shape->memory - fixed;
    if (left < row)
        return refuse(shape, plan, count_sum(fixed, row));
    plan->tile_rows = left / row < max_tile_rows(shape) ? left / row : max_tile_rows(shape);
    if (plan->tile_rows > block)
        plan->tile_rows = block;
    plan->tile_bytes = plan->tile_rows * row;
    plan->peak_bytes = fixed + plan->tile_bytes;
    return STATUS_OK;
}
