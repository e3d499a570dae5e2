/* The busiest rank's share and the seconds it takes are what the formulas say, by hand. */
#include "influence/estimate.h"

#include <math.h>

#include "check.h"

static const struct layer_shape layers[] = {
    {.n_factor = 2, .n_column = {32, 64}, .train_rows = 1, .query_rows = 1, .stored_bytes = 384, .stored_values = 96},
    {.n_factor = 1,
     .n_column = {100, 0},
     .train_rows = 1,
     .query_rows = 1,
     .stored_bytes = 80,
     .stored_values = 120,
     .made_terms = 500}};

static struct influence_shape shape(void)
{
    return (struct influence_shape){.n_train = 10000,
                                    .n_query = 50,
                                    .n_rank = 3,
                                    .n_used = 4,
                                    .n_layer = 2,
                                    .layers = layers,
                                    .n_group_value = 7,
                                    .n_group_column = 2,
                                    .n_digit = 2,
                                    .block_rows = 1000,
                                    .top = 10,
                                    .memory = INT64_C(1) << 32};
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fabs(b);
}

static void test_shares(void)
{
    struct influence_shape s = shape();
    struct influence_plan plan;
    struct influence_work work;
    const struct influence_other other = {.n_record = 12000, .n_pass = 2, .rest_bytes = 3000};
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
    /* 10 blocks on 3 teams: the busiest has 4, so 4,000 of 10,000 examples. */
    CHECK(plan.n_team == 3 && plan.n_round == 4 && plan.n_member == 1);
    influence_work_make(&s, &plan, &other, &work);
    CHECK(near(work.read_bytes, 4000.0 * 4 * (384 + 80) + 1000));
    CHECK(near(work.values, 4000.0 * 4 * 216) && near(work.made_terms, 4000.0 * 4 * 500));
    CHECK(near(work.digit_products, 0.4 * plan.digit_products) && near(work.score_terms, 4000.0 * 50 * 4 * 2));
    CHECK(near(work.tallies, 4000.0 * 50 * (1 + 2 + 4 + 2)) &&
          near(work.record_lines, 12000 * (2.0 / 3 + 0.4))); /* two passes in thirds, and its blocks' lines */
    /* 1 + ln 400 = 6.99 lists' lengths enter a list of the best of 4,000; two more come from other ranks. */
    CHECK(fabs(work.kept / (2 * 50 * 10.0 * (1 + 5.99 + 2)) - 1) < 0.02);
    CHECK(near(work.write_bytes, 0.4 * plan.output_bytes) && work.n_message == plan.n_message);
    s.n_rank = 40; /* more ranks than blocks: 4 members of one checkpoint each, 10 teams of one block */
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK && plan.n_member == 4 && plan.n_round == 1);
    influence_work_make(&s, &plan, &other, &work);
    CHECK(near(work.read_bytes, 1000.0 * (384 + 80) + 75) && near(work.tallies, 1000.0 * 50 * (1 + 2 + 1 + 2)));
    s.n_train = 10; /* less than a block */
    s.n_rank = 1;
    CHECK(influence_plan_make(&s, &plan) == STATUS_OK);
    influence_work_make(&s, &plan, &other, &work);
    CHECK(near(work.read_bytes, 10.0 * 4 * 464 + 3000) && near(work.kept, 2 * 50 * 10.0));
}

static void test_seconds(void)
{
    const struct calibration rates = {.read_bytes = 1e9,
                                      .digit_values = 1e8,
                                      .digit_products = 1e11,
                                      .score_terms = {4e8, 2e8, 1e8, 5e7},
                                      .tallies = 2e9,
                                      .kept = 1e7,
                                      .write_bytes = 5e8,
                                      .record_lines = 5e5};
    const struct influence_work work = {.record_lines = 1e6,
                                        .read_bytes = 3e9,
                                        .values = 5e8,
                                        .made_terms = 1e9,
                                        .digit_products = 1e12,
                                        .score_terms = 1e9,
                                        .tallies = 4e9,
                                        .kept = 3e7,
                                        .write_bytes = 1e9,
                                        .n_message = 1000,
                                        .message_bytes = 5e8};
    struct influence_time time;
    influence_time_make(&work, &rates, 2, false, &time);
    CHECK(near(time.records, 2) && near(time.read, 3 + 5 + 0.64) && near(time.score, 10 + 5 + 2 + 3));
    CHECK(near(time.write, 2) && near(time.reduce, 0.02 + 0.5) && near(time.total, 2 + 8.64 + 20 + 2 + 0.52));
    influence_time_make(&work, &rates, 2, true, &time);
    CHECK(near(time.total, 2 + 20 + 2 + 0.52)); /* reading hides behind scoring */
    influence_time_make(&work, &rates, 4, false, &time);
    CHECK(near(time.score, 10 + 20 + 2 + 3));
}

int main(void)
{
    test_shares();
    test_seconds();
    return check_end();
}
