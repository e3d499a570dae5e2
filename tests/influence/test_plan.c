/* The plan keeps a block's sums within int64, fits the memory it is given, and says what does not fit. */
#include "influence/plan.h"

#include "check.h"

static const int64_t columns[] = {512, 512, 512, 512, 512, 512};

static struct influence_shape shape(void)
{
    return (struct influence_shape){.n_train = 50000,
                                    .n_query = 500,
                                    .n_used = 8,
                                    .n_layer = 3,
                                    .n_factor = 2,
                                    .n_column = columns,
                                    .n_group_value = 12,
                                    .input_row_bytes = 1024,
                                    .n_digit = 2,
                                    .block_rows = 4096,
                                    .top = 100,
                                    .memory = INT64_C(2) << 30};
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
    for (int64_t memory = INT64_C(400) << 20; memory <= INT64_C(8) << 30; memory *= 2) {
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

int main(void)
{
    test_bounds();
    test_memory();
    test_small();
    return check_end();
}
