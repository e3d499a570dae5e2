/* What must hold: memory stays within what was given, for any number of ranks, or is refused by name; windows cover all
 * steps, keep the processes of one step together and stay below their bytes. */
#include "base/memory.h"
#include "check.h"
#include "lineage/plan.h"
#include "lineage/windows.h"

static struct lineage_shape shape_of(int64_t n_use, int64_t n_rank)
{
    return (struct lineage_shape){.n_rank = n_rank,
                                  .memory = INT64_C(1) << 30,
                                  .n_sample = n_use / 100,
                                  .n_step = n_use / 64,
                                  .n_use = n_use,
                                  .n_event = 10,
                                  .n_event_use = n_use / 100,
                                  .n_column = 3,
                                  .id_bytes = 20,
                                  .reader_bytes = 1 << 17,
                                  .largest_step = 64 * 48};
}

static void test_memory(void)
{
    static const int64_t ranks[] = {1, 2, 7, 1000};
    struct lineage_plan plan;
    for (int64_t n_use = 1000; n_use <= 100000000; n_use *= 100)
        for (int k = 0; k < 4; k++) {
            struct lineage_shape shape = shape_of(n_use, ranks[k]);
            CHECK(lineage_plan_make(&shape, &plan) == STATUS_OK);
            CHECK(plan.peak_bytes <= shape.memory && plan.n_pass >= 1 && plan.window_bytes > 0);
            /* All passes of all ranks together hold every use. */
            CHECK((double)plan.n_pass * (double)ranks[k] * (double)plan.share_bytes >= 12.0 * (double)n_use);
        }
    struct lineage_shape shape = shape_of(INT64_C(10000000000), 1);
    CHECK_FAILS(lineage_plan_make(&shape, &plan), CANNOT_FIT, "lineage.memory: expected at least");
    CHECK(plan.peak_bytes > shape.memory);
    shape = shape_of(100000000, 1);
    shape.largest_step = INT64_C(1) << 31;
    CHECK_FAILS(lineage_plan_make(&shape, &plan), CANNOT_FIT, "the largest step 2147483648");
    shape = shape_of(100000000, 1);
    shape.memory = 300 << 20;
    CHECK_FAILS(lineage_plan_make(&shape, &plan), CANNOT_FIT, "found 314572800");
}

static void test_windows(void)
{
    enum { N = 1000 };
    struct ledger ledger = {.n_step = N, .steps = memory_allocate(N, sizeof(struct step_note))};
    int64_t all = 0;
    for (int i = 0; i < N; i++) {
        ledger.steps[i] = (struct step_note){.step = i / 3, .n = i % 50};
        all += step_bytes(&ledger, i);
    }
    for (int64_t bytes = 1; bytes < 2 * all; bytes *= 7) {
        struct windows windows;
        windows_of_steps(&ledger, bytes, &windows);
        CHECK(windows.first[0] == 0 && windows.first[windows.n] == N);
        int64_t largest = 0;
        for (int64_t w = 0; w < windows.n; w++) {
            int64_t held = 0;
            for (int64_t i = windows.first[w]; i < windows.first[w + 1]; i++)
                held += step_bytes(&ledger, i);
            CHECK(windows.first[w + 1] > windows.first[w] && windows.first[w] % 3 == 0);
            CHECK(held <= bytes || windows.first[w + 1] - windows.first[w] <= 3);
            largest = held > largest ? held : largest;
        }
        CHECK(largest == windows.largest);
        windows_clear(&windows);
    }
    ledger.n_step = 0;
    struct windows none;
    windows_of_steps(&ledger, 100, &none);
    CHECK(none.n == 0 && none.first[0] == 0);
    windows_clear(&none);
    memory_free(ledger.steps);
}

int main(void)
{
    test_memory();
    test_windows();
    return check_end();
}
