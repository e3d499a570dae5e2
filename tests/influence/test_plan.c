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
    CHECK(plan.digit_products == 1e9 * 500 * 3 * 8192);
    CHECK(plan.n_block == 244141 && plan.n_round == 25 && plan.n_member == 1);
}

/* What a rank holds while it reads, and of the samples: by hand. */
static void test_reading(void)
{
    struct layer_shape wide[2] = {layers[0], layers[2]};
    wide[0].reading[PLAN_EXAMPLES] = (struct reading_shape){2048, 100};
    wide[0].reading[PLAN_QUERIES] = (struct reading_shape){50000, 7};
    wide[1].reading[PLAN_EXAMPLES] = (struct reading_shape){1, 9 << 20};
    struct influence_shape s = shape();
    s.layers = wide;
    s.n_layer = 2;
    s.row_bytes = 20;
    s.record_bytes = 5000;
    struct influence_plan plan;
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
    CHECK(plan.read_bytes == 500 * 50000 + 7); /* the queries of the first layer take most */
    CHECK(plan.sample_bytes == 2 * 4096 * 20 + 5000);
    int64_t peak = plan.peak_bytes;
    wide[0].reading[PLAN_QUERIES].example_bytes = 0;
    s.ahead = false;
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK && plan.peak_bytes < peak);
    CHECK(plan.read_bytes == 4096 + (9 << 20) && plan.sample_bytes == 4096 * 20 + 5000);
    s.n_train = 10; /* less than a block */
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK && plan.read_bytes == 10 + (9 << 20));
    CHECK(plan.sample_bytes == 10 * 20 + 5000);
}

/* 1, 3, 6, 10 products of digits instead of 1, 3, 9, 16. */
static void test_leading(void)
{
    static const double pairs[] = {1, 3, 6, 10}, all_pairs[] = {1, 3, 9, 16};
    struct influence_shape s = shape();
    struct influence_plan all, leading;
    s.memory = INT64_C(1) << 40;
    for (int d = 1; d <= 4; d++) {
        s.n_digit = d;
        s.leading = false;
        CHECK(influence_plan_make(&s, &all) == STATUS_OK);
        s.leading = true;
        CHECK(influence_plan_make(&s, &leading) == STATUS_OK);
        CHECK(leading.digit_products == all.digit_products / all_pairs[d - 1] * pairs[d - 1]);
        CHECK(leading.peak_bytes == all.peak_bytes && leading.score_terms == all.score_terms);
    }
}

/* Sizes that no int64 can hold are refused, not counted wrongly. */
static void test_absurd(void)
{
    static const int64_t rows[] = {1, 1000000, INT64_C(1) << 40}, ranks[] = {1, 7, 10000, INT64_C(1) << 40};
    static const int64_t counts[] = {1, 50000, INT64_C(1000000000000000), INT64_C(1) << 60};
    for (size_t r = 0; r < 3; r++)
        for (size_t k = 0; k < 4; k++)
            for (size_t i = 0; i < 4 * 4; i++) {
                struct layer_shape layer = {
                    .n_factor = 2,
                    .n_column = {1000000000, 1000000000},
                    .train_rows = rows[r],
                    .query_rows = rows[r],
                    .stored_bytes = INT64_C(1) << 50,
                    .reading = {{INT64_C(1) << 50, INT64_C(1) << 50}, {INT64_C(1) << 50, INT64_C(1) << 50}}};
                struct influence_shape s = shape();
                s.layers = &layer;
                s.n_layer = 1;
                s.n_train = counts[i / 4];
                s.n_query = counts[i % 4];
                s.n_rank = ranks[k];
                s.n_group_value = INT64_C(1) << 50;
                s.top = 100000;
                s.row_bytes = INT64_C(1) << 50;
                s.record_bytes = INT64_MAX;
                s.memory = INT64_MAX;
                struct influence_plan plan;
                CHECK_FAILS(influence_plan_make(&s, &plan), CANNOT_FIT, "influence.memory: a rank needs more than");
                CHECK(plan.n_block >= 1 && plan.n_round >= 1 && plan.digit_products > 0);
            }
    struct influence_shape s = shape(); /* many examples alone are no trouble */
    struct influence_plan plan;
    s.n_train = INT64_C(1) << 60;
    for (size_t k = 0; k < 4; k++) {
        s.n_rank = ranks[k];
        CHECK(influence_plan_make(&s, &plan) == STATUS_OK && plan.n_block == INT64_C(1) << 48);
    }
}

int main(void)
{
    test_bounds();
    test_memory();
    test_small();
    test_teams();
    test_scale();
    test_reading();
    test_leading();
    test_absurd();
    return check_end();
}
