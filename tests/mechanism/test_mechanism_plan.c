/* The plan counts what a rank holds, says what does not fit and which number to change, and holds for any number of
 * ranks: they share blocks of parts, and nothing else of it changes. */
#include "mechanism/plan.h"

#include "check.h"
#include "mechanism/effects.h"

static struct mechanism_shape shape(int64_t n_rank)
{
    return (struct mechanism_shape){.n_part = 1000,
                                    .n_probe = 200,
                                    .n_behaviour = 3,
                                    .n_category = 10,
                                    .n_fold = 5,
                                    .n_resample = 1000,
                                    .n_pair = 20,
                                    .n_rank = n_rank,
                                    .n_intervention = 2,
                                    .n_control = 20,
                                    .n_measure = 42,
                                    .block_parts = 16,
                                    .n_largest = 5000,
                                    .memory = INT64_C(1) << 30};
}

static void test_sizes(void)
{
    struct mechanism_shape s = shape(1);
    struct mechanism_plan plan;
    CHECK(mechanism_plan_make(&s, &plan) == STATUS_OK);
    CHECK(plan.n_block == 63);
    CHECK(plan.block_bytes == 16.0 * 600 * 21 * 16);
    CHECK(plan.resample_bytes == 8.0 * 201 * 1000);
    CHECK(plan.effect_bytes == 8.0 * 1000 * 6 * (N_EFFECT_FIELD + 16));
    CHECK(plan.tensor_bytes == 16.0 * 5000);
    CHECK(plan.peak_bytes == plan.block_bytes + plan.resample_bytes + plan.effect_bytes + plan.tensor_bytes);
    CHECK(plan.read_bytes == 8.0 * 600 * (1000 * 42 + 60));
    CHECK(plan.operations == 600.0 * 1000 * (2000 + 20));
    CHECK(plan.busiest == 1);
}

static void test_ranks(void)
{
    static const int64_t ranks[] = {1, 2, 7, 1000};
    struct mechanism_plan one, plan;
    struct mechanism_shape s = shape(1);
    CHECK(mechanism_plan_make(&s, &one) == STATUS_OK);
    for (int i = 0; i < 4; i++) {
        s = shape(ranks[i]);
        CHECK(mechanism_plan_make(&s, &plan) == STATUS_OK);
        CHECK(plan.peak_bytes == one.peak_bytes && plan.read_bytes == one.read_bytes);
        CHECK(plan.operations == one.operations && plan.output_bytes == one.output_bytes);
        CHECK(plan.busiest == (double)((63 + ranks[i] - 1) / ranks[i]) / 63); /* whole blocks */
    }
}

static void test_misfit(void)
{
    struct mechanism_shape s = shape(4);
    struct mechanism_plan plan;
    s.memory = 1 << 20;
    CHECK_FAILS(mechanism_plan_make(&s, &plan), CANNOT_FIT, "mechanism.memory: a rank needs");
    CHECK(strstr(failure_sentence(), "lower block_parts or bootstrap.resamples") != NULL);
    CHECK(plan.n_block == 63 && plan.peak_bytes > 1 << 20); /* its figures are there even so */
    s.n_part = 0;
    s.memory = INT64_C(1) << 30;
    CHECK(mechanism_plan_make(&s, &plan) == STATUS_OK && plan.n_block == 0 && plan.busiest == 0);
}

int main(void)
{
    test_sizes();
    test_ranks();
    test_misfit();
    return check_end();
}
