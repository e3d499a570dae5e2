/* An id_table finds the least line whose id an earlier line has, in any order of lines; an id_plan keeps tables within
 * the memory given, with room for every id of a pass; owners and passes share out all hashes. */
#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "config/mutate.h"
#include "records/id_table.h"

static const uint8_t salt[DIGEST_BYTES] = {1, 2, 3};

static struct id_entry entry_of(struct digest *digest, int id, int64_t line)
{
    char text[16];
    int n = snprintf(text, sizeof text, "id-%d", id);
    return id_entry_make(digest, salt, text, n, line);
}

/* Random files of few ids, against a search of all pairs. */
static void test_repeats(void)
{
    enum { N = 60, FILES = 400 };
    struct digest *digest = digest_create();
    uint64_t state = 99;
    int n_with = 0;
    for (int file = 0; file < FILES; file++) {
        int ids[N], order[N];
        int64_t repeated = 0, first = 0;
        for (int i = 0; i < N; i++) {
            ids[i] = (int)(random_next(&state) % (file % 2 ? 5000 : 70));
            order[i] = i;
            for (int k = 0; k < i && repeated == 0; k++)
                if (ids[k] == ids[i]) {
                    repeated = i + 1;
                    first = k + 1;
                }
        }
        for (int i = N - 1; i > 0; i--) { /* in an order of its own */
            int k = (int)(random_next(&state) % (uint64_t)(i + 1)), swap = order[i];
            order[i] = order[k];
            order[k] = swap;
        }
        struct id_table table;
        id_table_init(&table, 12);
        for (int i = 0; i < N; i++) {
            struct id_entry entry = entry_of(digest, ids[order[i]], order[i] + 1);
            CHECK(id_entry_line(&entry) == order[i] + 1);
            id_table_add(&table, &entry);
        }
        CHECK(table.repeated == repeated && table.first == first);
        n_with += repeated > 0;
        id_table_clear(&table);
    }
    CHECK(n_with > FILES / 2 && n_with < FILES);
    digest_destroy(digest);
}

static void test_full(void)
{
    struct digest *digest = digest_create();
    struct id_table table;
    id_table_init(&table, 12);
    for (int i = 0; i < 3072; i++) { /* three quarters of its slots */
        struct id_entry entry = entry_of(digest, i, ID_LINES_MOST - i);
        id_table_add(&table, &entry);
    }
    CHECK(table.n == 3072 && table.repeated == 0);
    struct id_entry again = entry_of(digest, 7, ID_LINES_MOST);
    id_table_add(&table, &again);
    CHECK(table.n == 3072 && table.repeated == ID_LINES_MOST && table.first == ID_LINES_MOST - 7);
    id_table_clear(&table);
    digest_destroy(digest);
}

static void test_plans(void)
{
    static const int64_t lines[] = {0, 1, 1000, 1000000, 1000000000, INT64_C(1000000000000000), INT64_C(1) << 62};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        for (int64_t n_rank = 1; n_rank <= 10000000; n_rank = 7 * n_rank + 3)
            for (int64_t memory = 1 << 16; memory <= INT64_C(1) << 40; memory *= 8) {
                struct id_plan plan;
                id_plan_make(lines[i], n_rank, memory, &plan);
                double share = (double)lines[i] / ((double)n_rank * (double)plan.n_pass);
                double room = 0.75 * (double)((int64_t)1 << plan.slot_bits);
                CHECK(plan.n_pass >= 1 && plan.bytes == INT64_C(16) << plan.slot_bits && plan.bytes <= memory);
                CHECK(share + 7.9 * sqrt(share) <= room);
                CHECK(plan.n_pass == 1 || plan.bytes > memory / 2); /* no pass too many */
            }
    struct id_plan plan;
    id_plan_make(1000000, 1, 1 << 30, &plan);
    CHECK(plan.n_pass == 1 && plan.bytes == 32 << 20); /* a million in 2^21 slots */
    id_plan_make(1000000000, 100, INT64_C(1) << 30, &plan);
    CHECK(plan.n_pass == 1);
}

static void test_shares(void)
{
    enum { N = 70000, OWNERS = 7, PASSES = 5 };
    struct digest *digest = digest_create();
    int counts[OWNERS][PASSES] = {{0}};
    for (int i = 0; i < N; i++) {
        struct id_entry entry = entry_of(digest, i, 1);
        int owner = id_entry_owner(&entry, OWNERS);
        int64_t pass = id_entry_pass(&entry, PASSES);
        CHECK(owner >= 0 && owner < OWNERS && pass >= 0 && pass < PASSES);
        CHECK(id_entry_owner(&entry, 1) == 0 && id_entry_pass(&entry, 1) == 0);
        counts[owner][pass]++;
    }
    for (int owner = 0; owner < OWNERS; owner++)
        for (int pass = 0; pass < PASSES; pass++)
            CHECK(fabs(counts[owner][pass] - 2000.0) < 8 * sqrt(2000.0));
    static const uint8_t other[DIGEST_BYTES] = {4};
    struct id_entry a = id_entry_make(digest, salt, "x", 1, 1), b = id_entry_make(digest, other, "x", 1, 1);
    CHECK(a.hash != b.hash);
    digest_destroy(digest);
}

int main(void)
{
    test_repeats();
    test_full();
    test_plans();
    test_shares();
    return check_end();
}
