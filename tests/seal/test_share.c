/* Work dealt out to ranks keeps its order and is even; findings come together in one order, the first thousand of them;
 * ranges of any partition reduce to the root of all leaves. */
#include <mpi.h>

#include "check.h"
#include "merkle/range_reduce.h"
#include "merkle/tree.h"
#include "seal/deal.h"
#include "seal/findings.h"

static int rank, size;

/* Entry i says i; its work grows towards the end.  Ranks begin with very uneven shares. */
static void test_deal(int64_t n, int64_t heavy)
{
    struct hand own, dealt;
    hand_init(&own);
    hand_init(&dealt);
    int64_t first = rank == 0 ? 0 : n - n / (rank + 1), last = rank + 1 == size ? n : n - n / (rank + 2);
    for (int64_t i = first; i < last; i++) {
        char text[32];
        hand_add(&own, i, i < n / 2 ? 1 : heavy, text, (size_t)snprintf(text, sizeof text, "entry %lld", (long long)i));
    }
    deal_entries(MPI_COMM_WORLD, &own, &dealt);
    int64_t index, count = 0, work = 0, next = -1, bounds[2] = {INT64_MAX, -1};
    size_t at = 0, length;
    const char *bytes;
    while (hand_next(&dealt, &at, &index, &bytes, &length)) {
        char text[32];
        snprintf(text, sizeof text, "entry %lld", (long long)index);
        CHECK(length == strlen(text) && memcmp(bytes, text, length) == 0);
        CHECK(next < 0 || index == next);
        bounds[0] = index < bounds[0] ? index : bounds[0];
        bounds[1] = next = index + 1;
        count++;
        work += index < n / 2 ? 1 : heavy;
    }
    int64_t total_count = count, total_work = work, before = -1;
    MPI_Allreduce(MPI_IN_PLACE, &total_count, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, &total_work, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK(total_count == n);
    CHECK(work <= total_work / size + 1 + heavy);
    MPI_Exscan(&bounds[1], &before, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
    CHECK(rank == 0 || count == 0 || bounds[0] >= before); /* ranks in order */
    hand_clear(&own);
    hand_clear(&dealt);
}

static void test_findings(int64_t n)
{
    struct findings findings = {0};
    uint64_t state = 99;
    for (int64_t k = 0; k < n; k++) { /* the same order of places on every rank; each takes its own */
        int64_t place = k * 7919 % n;
        if ((int64_t)(next_random(&state) % (uint64_t)size) == rank)
            findings_add(&findings, place % 3 ? FOUND_CONTENT : FOUND_LOG, place, "at \x1b %lld", (long long)place);
    }
    findings_gather(MPI_COMM_WORLD, &findings);
    CHECK(findings.total == n);
    CHECK(findings.n == (rank > 0 ? 0 : n < FINDINGS_KEPT ? n : FINDINGS_KEPT));
    for (int64_t i = 0; i < findings.n; i++) {
        int64_t n_log = (n + 2) / 3, place = i < n_log ? 3 * i : (i - n_log) / 2 * 3 + 1 + (i - n_log) % 2;
        char expected[64];
        snprintf(expected, sizeof expected, "at \\x1b %lld", (long long)place);
        CHECK(strcmp(findings.items[i].sentence, expected) == 0);
    }
    findings_clear(&findings);
}

static void test_reduce(int64_t n, uint64_t seed)
{
    struct hash *leaves = leaves_of(n), root, expected;
    uint64_t state = seed;
    int64_t begin = 0, end = 0;
    for (int r = 0; r <= rank; r++) { /* parts of random sizes, some of them empty */
        begin = end;
        end += next_random(&state) % 3 == 0 ? 0 : (int64_t)(next_random(&state) % (uint64_t)(n - end + 1));
    }
    if (rank + 1 == size)
        end = n;
    struct range range;
    range_init(&range, begin);
    for (int64_t i = begin; i < end; i++)
        range_add(&range, 0, &leaves[i]);
    range_reduce(MPI_COMM_WORLD, &range, &root);
    merkle_root(leaves, n, &expected);
    CHECK(hash_equal(&root, &expected));
    memory_free(leaves);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int64_t n = 0; n < 3000; n = 3 * n + 1)
        for (int64_t heavy = 1; heavy <= 1 << 20; heavy <<= 10)
            test_deal(n, heavy);
    test_findings(1);
    test_findings(999);
    test_findings(6000);
    for (uint64_t seed = 1; seed <= 40; seed++)
        test_reduce((int64_t)(seed * seed), seed);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
