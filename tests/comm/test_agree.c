/* All ranks leave with the worst status and the guilty rank's sentence, whatever each of them met. */
#include <mpi.h>

#include "base/memory.h"
#include "check.h"
#include "comm/agree.h"
#include "comm/share.h"

static int rank, size;

static void test_agree(void)
{
    CHECK(agree(MPI_COMM_WORLD, STATUS_OK) == STATUS_OK);
    for (int guilty = 0; guilty < size; guilty++) {
        enum status local = rank == guilty ? fail(BAD_INPUT, "rank %d met bad input", rank) : STATUS_OK;
        char expected[64];
        snprintf(expected, sizeof expected, "rank %d met bad input", guilty);
        CHECK_FAILS(agree(MPI_COMM_WORLD, local), BAD_INPUT, expected);
        CHECK(strcmp(failure_sentence(), expected) == 0);
    }
    /* Several guilty: the worst status; among equals the lowest rank. */
    enum status local = fail(rank == size - 1 ? CANNOT_WRITE : BAD_INPUT, "rank %d", rank);
    char expected[64];
    snprintf(expected, sizeof expected, "rank %d", size - 1);
    CHECK_FAILS(agree(MPI_COMM_WORLD, local), CANNOT_WRITE, expected);
    CHECK_FAILS(agree(MPI_COMM_WORLD, fail(BAD_KEY, "rank %d", rank)), BAD_KEY, "rank 0");
    /* A failure is not hidden by a rank that only wants to stop. */
    if (size > 1)
        CHECK_FAILS(agree(MPI_COMM_WORLD, rank == 0 ? fail(STOPPED, "stop") : fail(BAD_USAGE, "rank %d failed", rank)),
                    BAD_USAGE, "rank 1 failed");
    CHECK_FAILS(agree(MPI_COMM_WORLD, rank == size - 1 ? fail(STOPPED, "stop") : STATUS_OK), STOPPED, "stop");
    for (int status = 1; status < STATUS_COUNT; status++)
        CHECK(agree(MPI_COMM_WORLD, fail((enum status)status, "all")) == (enum status)status);
    /* Only the root counts. */
    CHECK(agree_from(MPI_COMM_WORLD, 0, rank == 0 ? STATUS_OK : fail(BAD_KEY, "nobody asked")) == STATUS_OK);
    CHECK_FAILS(agree_from(MPI_COMM_WORLD, size - 1, rank == size - 1 ? fail(BAD_KEY, "the last") : STATUS_OK), BAD_KEY,
                "the last");
}

static void test_injection(void)
{
    agree_fail_at(2, size - 1);
    CHECK(agree(MPI_COMM_WORLD, STATUS_OK) == STATUS_OK);
    CHECK_FAILS(agree(MPI_COMM_WORLD, STATUS_OK), FAULT_INJECTED, "was injected");
    CHECK(agree(MPI_COMM_WORLD, STATUS_OK) == STATUS_OK);
    agree_fail_at(0, 0);
}

static void test_share(void)
{
    char *bytes = NULL;
    size_t n = 0;
    if (rank == 0) {
        bytes = memory_copy_text("the same for all");
        n = strlen(bytes);
    }
    share_bytes(MPI_COMM_WORLD, &bytes, &n);
    CHECK(n == 16 && strcmp(bytes, "the same for all") == 0);
    memory_free(bytes);
    CHECK_FAILS(share_file(MPI_COMM_WORLD, "no/such", "file", 10, &bytes, &n, NULL), BAD_INPUT, "no/such/file");
    int64_t all[3] = {rank, 1, INT64_C(1) << 40};
    share_sum(MPI_COMM_WORLD, all, 3);
    CHECK(all[0] == (int64_t)size * (size - 1) / 2 && all[1] == size && all[2] == size * (INT64_C(1) << 40));
    int64_t values[3] = {rank, 1, INT64_C(1) << 40}, sums[3];
    share_sum_to(MPI_COMM_WORLD, values, sums, 3);
    share_sum_to(MPI_COMM_WORLD, values, values, 3); /* in place on rank 0 */
    if (rank == 0) {
        CHECK(sums[0] == (int64_t)size * (size - 1) / 2 && sums[1] == size && sums[2] == size * (INT64_C(1) << 40));
        CHECK(memcmp(values, sums, sizeof sums) == 0);
    }
}

static void test_share_segments(void)
{
    struct segment_list list;
    segments_init(&list);
    for (int i = 0; i <= rank; i++) { /* rank r has r + 1 segments, one of which all ranks share */
        struct segment segment = {.path = (char *)(i == 0 ? "shared" : "own"),
                                  .object = (char *)"-",
                                  .offset = i == 0 ? 0 : 1000 * rank + i,
                                  .bytes = 1};
        segments_add(&list, &segment);
    }
    CHECK(share_segments(MPI_COMM_WORLD, &list) == STATUS_OK);
    CHECK(list.n == (rank == 0 ? (int64_t)size * (size - 1) / 2 + 1 : 0));
    segments_clear(&list);
    struct segment segment = {.path = (char *)"x", .object = (char *)"-", .bytes = 1};
    segment.sha256[0] = (uint8_t)rank;
    segments_add(&list, &segment);
    if (size > 1)
        CHECK_FAILS(share_segments(MPI_COMM_WORLD, &list), BAD_INPUT, "read twice and differed");
    segments_clear(&list);
}

int main(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    test_agree();
    test_injection();
    test_share();
    test_share_segments();
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
