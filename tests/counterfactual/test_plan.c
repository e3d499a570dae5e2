/* The plan of a counterfactual is arithmetic: memory does not grow with the examples, scenarios come in as many walks
 * as the memory asks for, and what cannot fit is refused with its figures. */
#include "counterfactual/plan.h"

#include "check.h"

static struct counterfactual_shape shape_of(int64_t n_rank)
{
    return (struct counterfactual_shape){.n_rank = n_rank,
                                         .n_train = 100000,
                                         .n_query = 50,
                                         .n_scenario = 400,
                                         .n_feature = 256,
                                         .n_output = 10,
                                         .n_replicate = 200,
                                         .candidates = 500,
                                         .block_rows = 4096,
                                         .sample_bytes = 40,
                                         .all_scores = true,
                                         .memory = INT64_C(2) << 30};
}

static void check_ranks(void)
{
    static const int64_t ranks[] = {1, 2, 7, 1000};
    struct counterfactual_plan plan, more;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        struct counterfactual_shape shape = shape_of(ranks[i]);
        int64_t per_rank = (shape.n_scenario + ranks[i] - 1) / ranks[i];
        CHECK(counterfactual_plan_make(&shape, &plan) == STATUS_OK);
        CHECK(plan.at_a_time * plan.n_walk >= per_rank && plan.at_a_time <= per_rank);
        CHECK(plan.peak_bytes <= shape.memory && plan.peak_bytes > plan.fixed_bytes);
        shape.n_train *= 10000;
        CHECK(counterfactual_plan_make(&shape, &more) == STATUS_OK);
        CHECK(more.peak_bytes == plan.peak_bytes && more.operations > 1000 * plan.operations);
    }
}

static void check_memory(void)
{
    struct counterfactual_shape shape = shape_of(1);
    struct counterfactual_plan wide, narrow;
    CHECK(counterfactual_plan_make(&shape, &wide) == STATUS_OK && wide.n_walk == 1);
    shape.memory = wide.fixed_bytes + 30 * wide.scenario_bytes;
    CHECK(counterfactual_plan_make(&shape, &narrow) == STATUS_OK);
    CHECK(narrow.at_a_time == 30 && narrow.n_walk == 14 && narrow.read_bytes > 4 * wide.read_bytes);
    shape.memory = wide.fixed_bytes;
    CHECK_FAILS(counterfactual_plan_make(&shape, &narrow), CANNOT_FIT, "raise counterfactual.memory");
    CHECK(narrow.peak_bytes == wide.fixed_bytes + wide.scenario_bytes);
    shape.n_output = shape.n_feature = 0; /* no ridge level: much less */
    CHECK(counterfactual_plan_make(&shape, &narrow) == STATUS_OK && narrow.fixed_bytes < wide.fixed_bytes / 2);
}

int main(void)
{
    check_ranks();
    check_memory();
    return check_end();
}
