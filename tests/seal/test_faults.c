/* A failure at any agreement of sealing or verifying gives the same code on all ranks, in time; and there is never a
 * checkpoint over a log that is not its own. */
#include <mpi.h>

#include "check.h"
#include "run.h"

enum { MOST_AGREEMENTS = 100 };

static int rank, size;

static bool same_everywhere(enum status status)
{
    int mine = (int)status, least, most;
    MPI_Allreduce(&mine, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(&mine, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return least == most;
}

/* Sealed and right, or not sealed at all. */
static void check_honest(const char *parent)
{
    struct verify_report report;
    enum status status = run_verify(MPI_COMM_WORLD, parent, NULL, &report);
    CHECK(status == STATUS_OK || (status == BAD_RUN && strstr(failure_sentence(), "never sealed") != NULL));
    verify_report_clear(&report);
}

/* Adds one to a byte of a dataset. */
static void change_table(const char *parent)
{
    if (rank == 0) {
        char *path = path_join(parent, "run/more.h5");
        FILE *file = fopen(path, "r+");
        ASSERT(file != NULL && fseek(file, 20000, SEEK_SET) == 0);
        int byte = fgetc(file);
        ASSERT(fseek(file, 20000, SEEK_SET) == 0 && fputc((byte + 1) & 255, file) != EOF && fclose(file) == 0);
        memory_free(path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Every agreement of a sealing that has an older seal to replace. */
static void test_seal(const char *parent, int guilty)
{
    int k = 1;
    for (; k < MOST_AGREEMENTS; k++) {
        struct seal_result result;
        change_table(parent);
        agree_fail_at(k, guilty);
        enum status status = run_seal(MPI_COMM_WORLD, parent, &result);
        agree_fail_at(0, 0);
        CHECK(same_everywhere(status));
        if (status == STATUS_OK)
            break;
        CHECK(status == FAULT_INJECTED);
    }
    CHECK(k > 5 && k < MOST_AGREEMENTS);
    check_honest(parent);
    for (k = 1; k < MOST_AGREEMENTS; k++) { /* and of one that finds everything as it was */
        struct seal_result result;
        agree_fail_at(k, guilty);
        enum status status = run_seal(MPI_COMM_WORLD, parent, &result);
        agree_fail_at(0, 0);
        CHECK(same_everywhere(status) && (status == STATUS_OK || status == FAULT_INJECTED));
        if (status == STATUS_OK)
            break;
    }
    CHECK(k > 5 && k < MOST_AGREEMENTS);
    check_honest(parent);
}

/* The same, looking after each failure. */
static void test_honest(const char *parent, int guilty)
{
    for (int k = 1; k < MOST_AGREEMENTS; k++) {
        struct seal_result result;
        change_table(parent);
        agree_fail_at(k, guilty);
        enum status status = run_seal(MPI_COMM_WORLD, parent, &result);
        agree_fail_at(0, 0);
        if (status == STATUS_OK)
            break;
        struct verify_report report;
        status = run_verify(MPI_COMM_WORLD, parent, NULL, &report);
        /* Before the old seal is removed it stands, and differs in the table alone. */
        CHECK(status == BAD_RUN || (status == DIFFERS && strstr(failure_sentence(), "more.h5") != NULL) ||
              (status == STATUS_OK && k > 5)); /* all was written before the last agreement failed */
        verify_report_clear(&report);
    }
}

static void test_verify(const char *parent, int guilty)
{
    int k = 1;
    for (; k < MOST_AGREEMENTS; k++) {
        struct verify_report report;
        agree_fail_at(k, guilty);
        enum status status = run_verify(MPI_COMM_WORLD, parent, NULL, &report);
        agree_fail_at(0, 0);
        verify_report_clear(&report);
        CHECK(same_everywhere(status) && (status == STATUS_OK || status == FAULT_INJECTED));
        if (status == STATUS_OK)
            break;
    }
    CHECK(k > 3 && k < MOST_AGREEMENTS);
}

int main(int argc, char **argv)
{
    struct seal_result result;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char *parent = run_scratch_begin(MPI_COMM_WORLD);
    run_make(MPI_COMM_WORLD, parent);
    CHECK(run_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    for (int guilty = 0; guilty<size; guilty += size> 1 ? size - 1 : 1) {
        test_seal(parent, guilty);
        test_honest(parent, guilty);
        test_verify(parent, guilty);
    }
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
