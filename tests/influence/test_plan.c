/* The plan keeps a block's sums within int64, fits the memory it is given, and says what does not fit. */
#include "influence/plan.h"

#include "check.h"
#include "influence/team.h"

enum { LAYERS = 3 };
static const struct layer_shape layers[LAYERS] = {
    {.n_factor = 2, .n_column = {512, 512}, .train_rows = 1, .query_rows = 1, .stored_bytes = 2048},
    {.n_factor = 2, .n_column = {512, 512}, .train_rows = 1, .query_rows = 1, .stored_bytes = 2048},
    {.n_factor = 1, .n_column = {4096, 0}, .train_rows = 1, .query_rows = 1, .stored_bytes = 8192}};

static struct influence_shape shape(void)
{
    return (struct influence_shape){.n_train = 50000,
                                    .n_query = 500,
                                    .n_rank = 4,
                                    .n_used = 8,
                                    .n_layer = LAYERS,
                                    .layers = layers,
                                    .n_group_value = 12,
                                    .n_group_column = 2,
                                    .n_digit = 2,
                                    .block_rows = 4096,
                                    .top = 100,
                                    .memory = INT64_C(4) << 30,
                                    .ahead = true};
}

static void test_bounds(void)
{
    for (int64_t rows = 16; rows <= 1 << 20; rows *= 2) {
        struct influence_shape s = shape();
        s.block_rows = rows;
        s.memory = INT64_C(1) << 50;
        struct influence_plan plan;
        CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
        /* rows scores of 2^score_bits, each rounded 24 times by half a unit, stay below 2^63 */
        CHECK((double)rows * ((double)((int64_t)1 << plan.score_bits) + 12) < 0x1p63);
        CHECK(plan.score_bits >= 42 && plan.score_bits <= 50);
        CHECK(plan.n_block == (s.n_train + rows - 1) / rows);
        CHECK(plan.tile_rows >= 1 && plan.tile_rows <= rows);
    }
}

static void test_memory(void)
{
    struct influence_shape s = shape();
    struct influence_plan plan;
    for (int64_t memory = INT64_C(1) << 20; memory <= INT64_C(64) << 30; memory += memory / 3) {
        s.memory = memory;
        if (influence_plan_make(&s, &plan) == STATUS_OK)
            CHECK(plan.peak_bytes <= memory);
        else
            CHECK(strstr(failure_sentence(), "influence.memory") != NULL);
    }
    s.memory = 1 << 20;
    CHECK_FAILS(influence_plan_make(&s, &plan), CANNOT_FIT, "lower influence.block_rows");
    /* Memory does not grow with the examples. */
    s = shape();
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
    int64_t peak = plan.peak_bytes;
    s.n_train = 1000000000;
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK && plan.peak_bytes == peak);
}

static void test_small(void)
{
    struct influence_shape s = shape();
    s.n_train = 7;
    struct influence_plan plan;
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
    CHECK(plan.top == 7 && plan.n_block == 1 && plan.tile_rows == 7);
}

/* Teams of ranks appear only when there are more ranks than blocks, and members share all checkpoints between them. */
static void test_teams(void)
{
    struct influence_shape s = shape();
    struct influence_plan plan;
    for (int64_t n_rank = 1; n_rank <= 1000; n_rank++) {
        s.n_rank = n_rank;
        CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
        CHECK(plan.n_team * plan.n_member <= n_rank && plan.n_member <= s.n_used && plan.n_member >= 1);
        CHECK(plan.n_member == 1 || plan.n_team >= plan.n_block);
        CHECK(plan.n_round * plan.n_team >= plan.n_block && (plan.n_round - 1) * plan.n_team < plan.n_block);
        CHECK(team_first_checkpoint(0, (int)plan.n_member, s.n_used) == 0);
        CHECK(team_first_checkpoint((int)plan.n_member, (int)plan.n_member, s.n_used) == s.n_used);
        for (int member = 0; member < plan.n_member; member++)
            CHECK(team_first_checkpoint(member, (int)plan.n_member, s.n_used) <
                  team_first_checkpoint(member + 1, (int)plan.n_member, s.n_used));
    }
    CHECK(plan.n_member == 8); /* 1,000 ranks on 13 blocks */
}

/* A billion examples of 8,192 dimensions on 10,000 ranks: figures by hand. */
static void test_scale(void)
{
    struct layer_shape rows = {
        .n_factor = 1, .n_column = {8192, 0}, .train_rows = 1, .query_rows = 1, .stored_bytes = 2 * 8192};
    struct influence_shape s = shape();
    s.layers = &rows;
    s.n_layer = 1;
    s.n_used = 1;
    s.n_train = 1000000000;
    s.n_rank = 10000;
    struct influence_plan plan;
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
    CHECK(plan.input_bytes == 1e9 * 16384);
    CHECK(plan.digit_products == 1e9 * 500 * 4 * 8192);
    CHECK(plan.n_block == 244141 && plan.n_round == 25 && plan.n_member == 1);
}

int main(void)
{
    test_bounds();
    test_memory();
    test_small();
    test_teams();
    test_scale();
    return check_end();
}
