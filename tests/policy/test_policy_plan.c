/* The plan takes the smaller system, fits the memory that it is given, says what does not fit, and holds for any number
 * of ranks. */
#include "policy/plan.h"

#include "check.h"
#include "policy/policy_config.h"

static struct policy_shape shape(void)
{
    return (struct policy_shape){.n_probe = 50000,
                                 .n_feature = 4096,
                                 .n_behaviour = 2,
                                 .n_rank = 2,
                                 .n_lambda = 5,
                                 .n_fold = 5,
                                 .n_digit = 3,
                                 .block_rows = 1024,
                                 .leverages = true,
                                 .row_entries = 4096,
                                 .memory = INT64_C(16) << 30};
}

static void test_form(void)
{
    struct policy_shape s = shape();
    struct policy_plan plan;
    CHECK(policy_plan_make(&s, &plan) == STATUS_OK && plan.primal && plan.n_unknown == 4097 && !plan.gathers);
    s.n_probe = 4098;
    CHECK(policy_is_primal(&s));
    s.n_probe = 4097; /* as many as unknowns */
    CHECK(!policy_is_primal(&s));
    CHECK(policy_plan_make(&s, &plan) == STATUS_OK && !plan.primal && plan.n_unknown == 4097 && plan.gathers);
    s.form = FORM_PRIMAL;
    CHECK(policy_is_primal(&s));
    s = shape();
    s.form = FORM_DUAL;
    CHECK(!policy_is_primal(&s));
    s = shape();
    s.pairs = true;
    s.memory = INT64_C(1) << 40;
    CHECK(policy_plan_make(&s, &plan) == STATUS_OK && plan.primal && plan.gathers);
}

/* More memory holds more systems and wider panels; what is planned fits. */
static void test_memory(void)
{
    struct policy_shape s = shape();
    struct policy_plan plan;
    int64_t most_loaded = 0, n_refused = 0, n_taken = 0;
    for (s.memory = INT64_C(1) << 20; s.memory < INT64_C(1) << 42; s.memory += s.memory / 4) {
        if (policy_plan_make(&s, &plan) != STATUS_OK) {
            CHECK(strstr(failure_sentence(), "raise policy.memory") != NULL);
            CHECK(strstr(failure_sentence(), "policy.ridge.leverages") != NULL);
            CHECK(plan.peak_bytes > s.memory && n_taken == 0);
            n_refused++;
            continue;
        }
        n_taken++;
        CHECK(plan.peak_bytes <= s.memory && plan.n_loaded >= most_loaded);
        CHECK(plan.panel_width >= 8 && plan.panel_width <= plan.n_unknown);
        most_loaded = plan.n_loaded;
    }
    CHECK(n_refused > 5 && n_taken > 5 && most_loaded == 6);
    s.leverages = false;
    s.memory = INT64_C(1) << 20;
    CHECK(policy_plan_make(&s, &plan) == CANNOT_FIT && strstr(failure_sentence(), "leverages") == NULL);
}

static void test_ranks(void)
{
    struct policy_shape s = shape();
    struct policy_plan plan;
    double rows = 1e300, operations = 0;
    const int64_t ranks[] = {1, 2, 7, 49, 1000, 100000};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        s.n_rank = ranks[i];
        s.memory = INT64_C(1) << 40;
        CHECK(policy_plan_make(&s, &plan) == STATUS_OK);
        CHECK(plan.n_block == 49 && plan.part_rows >= 1 && plan.part_rows <= s.n_probe);
        CHECK((int64_t)plan.grid_rows * plan.grid_columns <= ranks[i] && plan.grid_rows >= 1);
        CHECK((double)plan.row_bytes <= rows); /* a rank's rows get fewer */
        CHECK(operations == 0 || plan.gram_operations == operations);
        rows = (double)plan.row_bytes;
        operations = plan.gram_operations;
    }
    CHECK(plan.part_rows == 1024);
    CHECK(plan.gram_operations == 50000.0 * 4097 * 4097 / 2);
}

/* Figures of absurd sizes are refused, not overflowed. */
static void test_absurd(void)
{
    struct policy_shape s = shape();
    struct policy_plan plan;
    s.n_probe = INT64_C(1) << 30;
    s.row_entries = (double)(s.n_feature = (1 << 30) - 2);
    s.n_behaviour = 1 << 20;
    CHECK_FAILS(policy_plan_make(&s, &plan), CANNOT_FIT, "policy.memory");
    s.n_feature = 1 << 30;
    s.n_probe = INT64_C(1) << 40;
    CHECK_FAILS(policy_plan_make(&s, &plan), CANNOT_FIT, "2^31");
    s = shape();
    s.sparse = s.entries_estimated = true;
    s.row_entries = 64;
    s.memory = 1 << 20;
    CHECK_FAILS(policy_plan_make(&s, &plan), CANNOT_FIT, "needs about");
}

int main(void)
{
    test_form();
    test_memory();
    test_ranks();
    test_absurd();
    return check_end();
}
