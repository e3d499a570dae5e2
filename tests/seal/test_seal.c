/* A run has the same root and verifies whatever the number of ranks; sealing again changes nothing unless the run, the
 * key or the seal itself changed; what cannot be sealed is refused, with the reason. */
#include <mpi.h>

#include "check.h"
#include "run.h"

static int rank, size;

static void run_on_first(const char *parent, const char *command)
{
    if (rank == 0)
        CHECK(scratch_run(command, parent) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void check_verified(MPI_Comm comm, const char *parent, const struct seal_result *sealed)
{
    struct verify_report report;
    CHECK(run_verify(comm, parent, NULL, &report) == STATUS_OK);
    CHECK(report.n_finding_total == 0 && !report.key_was_given && strcmp(report.root, sealed->root) == 0);
    CHECK(strcmp(report.vkey, sealed->vkey) == 0 && strcmp(report.origin, RUN_ORIGIN) == 0);
    CHECK(report.n_entry == sealed->n_entry && report.n_input == RUN_PIECES + 3);
    CHECK(report.n_block > 6 && report.n_block_byte > 2 * RUN_ROWS * RUN_COLUMNS * 8);
    verify_report_clear(&report);
    CHECK(run_verify(comm, parent, sealed->vkey, &report) == STATUS_OK && report.key_was_given);
    verify_report_clear(&report);
}

/* On k ranks: sealed, verified, and sealed again without a change. */
static void test_ranks(const char *parent, int k, struct seal_result *result)
{
    char *copy = memory_allocate((int64_t)strlen(parent) + 16, 1);
    snprintf(copy, strlen(parent) + 16, "%s/on-%d", parent, k);
    run_on_first(copy, "mkdir % && cp -r %/../inputs %/../run %/../audit.key %/");
    MPI_Comm comm = first_ranks(MPI_COMM_WORLD, k);
    if (comm != MPI_COMM_NULL) {
        struct seal_result again;
        CHECK(run_seal(comm, copy, result) == STATUS_OK && !result->unchanged);
        check_verified(comm, copy, result);
        if (rank == 0)
            CHECK(scratch_run("cd % && cp -r run kept && sleep 0.01", copy) == 0);
        CHECK(run_seal(comm, copy, &again) == STATUS_OK && again.unchanged);
        CHECK(strcmp(again.root, result->root) == 0 && strcmp(again.vkey, result->vkey) == 0);
        if (rank == 0)
            CHECK(scratch_run("cd % && diff -r run kept && test ! kept/seal/checkpoint -ot run/seal/checkpoint",
                              copy) == 0);
        MPI_Comm_free(&comm);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    run_on_first(copy, "rm -r %");
    memory_free(copy);
}

static void test_same_root(const char *parent)
{
    struct seal_result first = {0}, other = {0};
    test_ranks(parent, 1, &first);
    MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
    for (int k = 2; k <= size; k++) {
        test_ranks(parent, k, &other);
        if (rank < k)
            CHECK(strcmp(first.root, other.root) == 0 && first.n_entry == other.n_entry);
    }
}

static void reseal(const char *parent, bool unchanged, struct seal_result *result)
{
    struct verify_report report;
    CHECK(run_seal(MPI_COMM_WORLD, parent, result) == STATUS_OK && result->unchanged == unchanged);
    if (unchanged)
        return;
    CHECK(run_verify(MPI_COMM_WORLD, parent, result->vkey, &report) == STATUS_OK);
    verify_report_clear(&report);
}

/* Whatever part of a seal is damaged or missing, sealing mends it; a changed run gets another root. */
static void test_again(const char *parent)
{
    static const char *const damages[] = {"rm %/run/seal/checkpoint",
                                          "rm %/run/seal/key.vkey",
                                          "rm %/run/seal/statement.intoto.jsonl",
                                          "rm %/run/seal/tile/0/000",
                                          "rm %/run/seal/tile/1/000.p/1",
                                          "rm -r %/run/seal/tile/entries",
                                          "echo x >> %/run/seal/checkpoint",
                                          "echo x >> %/run/seal/key.vkey",
                                          "echo x >> %/run/seal/statement.intoto.jsonl",
                                          "echo x >> %/run/seal/tile/0/000",
                                          "echo x >> %/run/seal/tile/entries/000",
                                          "ln -sf /dev/null %/run/seal/tile/0/000"};
    struct seal_result first, other;
    reseal(parent, false, &first);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        run_on_first(parent, damages[i]);
        reseal(parent, false, &other);
        CHECK(strcmp(first.root, other.root) == 0 && strcmp(first.vkey, other.vkey) == 0);
        reseal(parent, true, &other);
    }
    run_on_first(
        parent,
        "cp %/run/more.h5 %/run/kept.h5 && printf x | dd of=%/run/more.h5 bs=1 seek=20000 conv=notrunc 2>/dev/null");
    reseal(parent, false, &other);
    CHECK(strcmp(first.root, other.root) != 0);
    run_on_first(parent, "mv %/run/kept.h5 %/run/more.h5");
    reseal(parent, false, &other);
    CHECK(strcmp(first.root, other.root) == 0);
    run_on_first(parent, "rm %/audit.key");
    reseal(parent, false, &other);
    CHECK(strcmp(first.root, other.root) == 0 && strcmp(first.vkey, other.vkey) != 0);
    run_on_first(parent, "mv %/inputs %/moved && ln -s moved %/inputs");
    reseal(parent, false, &other); /* the statement says where they are */
    run_on_first(parent, "rm %/inputs && mv %/moved %/inputs");
}

static void check_refused(const char *parent, const char *damage, enum status expected, const char *sentence)
{
    struct seal_result result;
    run_on_first(parent, "rm -rf %/safe && cp -r %/run %/safe");
    run_on_first(parent, damage);
    CHECK_FAILS(run_seal(MPI_COMM_WORLD, parent, &result), expected, sentence);
    run_on_first(parent, "rm -rf %/run && mv %/safe %/run");
}

static void test_refusals(const char *parent)
{
    struct seal_result result;
    check_refused(parent, "rm %/run/run.json", BAD_RUN, "run.json");
    check_refused(parent, "echo '[1]' > %/run/run.json", BAD_RUN, "one JSON object");
    check_refused(parent, "echo '{\"a\": 1, \"a\": 2}' > %/run/run.json", BAD_RUN, "run.json");
    check_refused(parent, "rm %/run/more.h5", BAD_RUN, "more.h5");
    check_refused(parent, "echo nonsense > %/run/more.h5", BAD_RUN, "more.h5");
    check_refused(parent, "rm -r %/run", BAD_RUN, "no such run directory");
    run_on_first(parent, "cp %/audit.key %/kept.key && chmod 644 %/audit.key");
    CHECK_FAILS(run_seal(MPI_COMM_WORLD, parent, &result), BAD_KEY, "others may read");
    run_on_first(parent, "mv -f %/kept.key %/audit.key && chmod 600 %/audit.key");

    char *run = path_join(parent, "run"), *inputs = path_join(parent, "inputs"), *key = path_join(parent, "audit.key");
    static const char *const twice[] = {"more.h5", "more.h5"};
    struct seal_request request = {.run_directory = run,
                                   .inputs_directory = inputs,
                                   .origin = "no spaces please",
                                   .key_path = key,
                                   .tables = run_tables,
                                   .n_table = 2,
                                   .quiet = true};
    CHECK_FAILS(seal_run(MPI_COMM_WORLD, &request, &result), BAD_KEY, "expected a URL without its scheme");
    request.origin = RUN_ORIGIN;
    request.tables = twice;
    CHECK_FAILS(seal_run(MPI_COMM_WORLD, &request, &result), BAD_RUN, "named twice");
    request.tables = run_tables;
    request.execution_json = "[]";
    CHECK_FAILS(seal_run(MPI_COMM_WORLD, &request, &result), BAD_RUN, "execution config");
    memory_free(run);
    memory_free(inputs);
    memory_free(key);
}

/* A byte of an input that no table lists could change unseen. */
static void test_gap(const char *parent)
{
    struct segment_list list;
    struct seal_result result;
    char *run = path_join(parent, "run");
    run_on_first(parent, "rm -rf %/safe && cp -r %/run %/safe");
    segments_init(&list);
    if (rank == 0) {
        segments_add(&list, &(struct segment){.path = (char *)"notes.txt", .object = (char *)"-", .bytes = 5});
        segments_add(&list, &(struct segment){.path = (char *)"other.txt", .object = (char *)"-", .bytes = 5});
        segments_add(&list,
                     &(struct segment){.path = (char *)"other.txt", .object = (char *)"a", .offset = 6, .bytes = 2});
        segments_add(&list,
                     &(struct segment){.path = (char *)"other.txt", .object = (char *)"b", .offset = 4, .bytes = 1});
    }
    run_table_store(MPI_COMM_WORLD, run, run_tables[0], 0, &list);
    run_table_store(MPI_COMM_WORLD, run, run_tables[1], 0, &list);
    CHECK_FAILS(run_seal(MPI_COMM_WORLD, parent, &result), BAD_RUN, "input other.txt: bytes 5 to 6 are in no segment");
    run_on_first(parent, "rm -rf %/run && mv %/safe %/run");
    segments_clear(&list);
    memory_free(run);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char *parent = run_scratch_begin(MPI_COMM_WORLD);
    run_make(MPI_COMM_WORLD, parent);
    run_on_first(parent, "openssl genpkey -algorithm ED25519 -out %/audit.key && chmod 600 %/audit.key");
    test_same_root(parent);
    test_again(parent);
    test_refusals(parent);
    test_gap(parent);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
