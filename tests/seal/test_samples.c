/* The tree of samples is sealed with the run: the same on any number of ranks, made anew by verify, which names the
 * samples that differ; and a failure at any agreement leaves a seal that is right, or none. */
#include <mpi.h>

#include "check.h"
#include "samples.h"
#include "usage/store.h"

enum { SAMPLES = 1500, MOST_AGREEMENTS = 100 };

static int rank, size;
static char *parent;

/* Verifies; a finding must contain each of these. */
static void check_findings(const char *vkey, int n, const char *const *sentences)
{
    struct verify_report report;
    enum status status = run_verify(MPI_COMM_WORLD, parent, vkey, &report);
    CHECK(status == (n == 0 ? STATUS_OK : DIFFERS));
    for (int k = 0; k < n && rank == 0; k++) {
        bool found = false;
        for (int64_t i = 0; i < report.n_finding && !found; i++)
            found = strstr(report.findings[i], sentences[k]) != NULL;
        CHECK(found);
        for (int64_t i = 0; i < report.n_finding && !found; i++)
            fprintf(stderr, "no \"%s\" in: %s\n", sentences[k], report.findings[i]);
    }
    verify_report_clear(&report);
}

/* Writes over bytes of a dataset of a table of the run, on rank 0. */
static void change(const char *name, const char *dataset, int64_t offset, const void *bytes, size_t n)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        struct table_reader *reader;
        int64_t start = -1, length = 0;
        char *run = path_join(parent, "run"), *path = path_join(run, name);
        ASSERT(table_open(path, &reader) == STATUS_OK);
        for (int i = 0; i < table_count(reader); i++)
            if (strcmp(table_dataset(reader, i)->path, dataset) == 0)
                table_extent(reader, i, &start, &length);
        table_reader_close(reader);
        FILE *file = fopen(path, "r+");
        ASSERT(start >= 0 && offset + (int64_t)n <= length && file != NULL);
        ASSERT(fseek(file, start + offset, SEEK_SET) == 0 && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
        memory_free(path);
        memory_free(run);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void restore(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK(scratch_run("cd % && rm -r run && cp -r kept run", parent) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The root of one rank alone, in a run of its own. */
static void test_ranks(const struct seal_result *result)
{
    MPI_Comm alone = first_ranks(MPI_COMM_WORLD, 1);
    if (rank == 0) {
        char *other = scratch_begin();
        struct seal_result one;
        samples_make(alone, other, SAMPLES);
        CHECK(samples_seal(alone, other, &one) == STATUS_OK);
        CHECK(strcmp(one.root, result->root) == 0 && one.n_entry == result->n_entry);
        CHECK(samples_seal_as(alone, other, "another", &one) == STATUS_OK);
        CHECK(strcmp(one.root, result->root) != 0); /* another salt */
        scratch_end(other);
        MPI_Comm_free(&alone);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void test_again(const struct seal_result *result)
{
    struct seal_result again;
    CHECK(samples_seal(MPI_COMM_WORLD, parent, &again) == STATUS_OK);
    CHECK(again.unchanged && strcmp(again.root, result->root) == 0);
    change("seal/samples.h5", "/leaves/leaf", 777, "x", 1); /* a damaged tree is not left as it is */
    CHECK(samples_seal(MPI_COMM_WORLD, parent, &again) == STATUS_OK);
    CHECK(!again.unchanged && strcmp(again.root, result->root) == 0);
    const int64_t line = SAMPLES; /* nor one whose leaves are of other samples, though it has the right root */
    change("seal/samples.h5", "/leaves/sample", 700 * (int64_t)sizeof line, &line, sizeof line);
    CHECK(samples_seal(MPI_COMM_WORLD, parent, &again) == STATUS_OK);
    CHECK(!again.unchanged && strcmp(again.root, result->root) == 0);
    check_findings(result->vkey, 0, NULL);
}

static void test_damage(const struct seal_result *result)
{
    static const char *const record[] = {"lineage.h5: dataset /samples/uses", "samples.h5: leaf ",
                                         "no leaf with the record of sample sample-8 ", "give another tree of samples",
                                         " uses, lineage.h5 of "};
    static const char *const scores[] = {"influence.h5: dataset /scores",
                                         "no leaf with the record of sample sample-0 "};
    static const char *const leaf[] = {"samples.h5: its node 0 is not the root of leaves 0 to 255"};
    static const char *const missing[] = {"samples.h5"};
    static const char *const line[] = {"samples.h5: leaf 100 is said to be of line 7 of the samples file (from 0), "};
    const int64_t uses = 7;
    const double score = 3;
    change("lineage.h5", "/samples/uses", 8 * sizeof uses, &uses, sizeof uses);
    check_findings(result->vkey, 5, record);
    restore();
    change("influence.h5", "/scores", 0, &score, sizeof score);
    check_findings(result->vkey, 2, scores);
    restore();
    change("seal/samples.h5", "/leaves/leaf", 100 * LEAF_BYTES + 40, "xy", 2);
    check_findings(result->vkey, 1, leaf);
    restore();
    change("seal/samples.h5", "/leaves/sample", 100 * (int64_t)sizeof uses, &uses, sizeof uses);
    check_findings(result->vkey, 1, line);
    restore();
    if (rank == 0)
        CHECK(scratch_run("rm %/run/seal/samples.h5", parent) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    check_findings(result->vkey, 1, missing);
    restore();
    check_findings(result->vkey, 0, NULL);
}

static bool same_everywhere(enum status status)
{
    int mine = (int)status, least, most;
    MPI_Allreduce(&mine, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(&mine, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return least == most;
}

/* Every agreement of a sealing that replaces an older one, and of a verification. */
static void test_faults(int guilty)
{
    int k = 1;
    for (; k < MOST_AGREEMENTS; k++) {
        struct seal_result result;
        struct verify_report report;
        const int64_t uses = k;
        change("lineage.h5", "/samples/uses", 0, &uses, sizeof uses);
        agree_fail_at(k, guilty);
        enum status status = samples_seal(MPI_COMM_WORLD, parent, &result);
        agree_fail_at(0, 0);
        CHECK(same_everywhere(status) && (status == STATUS_OK || status == FAULT_INJECTED));
        if (status == STATUS_OK)
            break;
        if (k % 3 != 0)
            continue; /* looking takes as long as sealing */
        status = run_verify(MPI_COMM_WORLD, parent, NULL, &report);
        CHECK(status == BAD_RUN || (status == DIFFERS && strstr(failure_sentence(), "lineage.h5") != NULL) ||
              (status == STATUS_OK && k > 10));
        verify_report_clear(&report);
    }
    CHECK(k > 10 && k < MOST_AGREEMENTS);
    for (k = 1; k < MOST_AGREEMENTS; k++) {
        struct verify_report report;
        agree_fail_at(k, guilty);
        enum status status = run_verify(MPI_COMM_WORLD, parent, NULL, &report);
        agree_fail_at(0, 0);
        verify_report_clear(&report);
        CHECK(same_everywhere(status) && (status == STATUS_OK || status == FAULT_INJECTED));
        if (status == STATUS_OK)
            break;
    }
    CHECK(k > 6 && k < MOST_AGREEMENTS);
}

/* A lineage that names what is in no list is refused by all ranks. */
static void test_refused(void)
{
    struct seal_result result;
    const int32_t role = 9;
    const int64_t use = 1000;
    change("lineage.h5", "/samples/role", 800 * sizeof role, &role, sizeof role);
    CHECK_FAILS(samples_seal(MPI_COMM_WORLD, parent, &result), BAD_RUN, "sample 800 has a role");
    restore();
    change("lineage.h5", "/uses_by_sample/step", 80, &use, sizeof use);
    CHECK_FAILS(samples_seal(MPI_COMM_WORLD, parent, &result), BAD_RUN, "points to row 1000 of /steps");
    restore();
    change("lineage.h5", "/samples/use_start", 800, &use, sizeof use);
    CHECK_FAILS(samples_seal(MPI_COMM_WORLD, parent, &result), BAD_RUN, "/samples/use_start does not ascend");
    restore();
}

int main(int argc, char **argv)
{
    struct seal_result result = {0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    parent = run_scratch_begin(MPI_COMM_WORLD);
    samples_make(MPI_COMM_WORLD, parent, SAMPLES);
    CHECK(samples_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    CHECK(!result.unchanged);
    test_ranks(&result);
    test_again(&result);
    if (rank == 0)
        CHECK(scratch_run("cd % && cp -r run kept", parent) == 0);
    test_damage(&result);
    test_refused();
    test_faults(size - 1);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
