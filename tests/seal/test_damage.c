/* A byte changed anywhere in a sealed run or its inputs, a file cut, extended or gone: verification differs, and a
 * sentence names the file, and for a table the dataset and the rows. */
#include <mpi.h>
#include <sys/stat.h>

#include "check.h"
#include "run.h"

static int rank, size;

/* Every file of the run, and what a sentence about it must contain. */
static const struct file {
    const char *path, *name;
} files[] = {{"run/run.json", "run.json"},
             {"run/results.h5", "results.h5"},
             {"run/more.h5", "more.h5"},
             {"run/seal/checkpoint", "seal/checkpoint"},
             {"run/seal/key.vkey", "seal/key.vkey"},
             {"run/seal/statement.intoto.jsonl", "seal/statement.intoto.jsonl"},
             {"run/seal/tile/0/000", "tile/0/000"},
             {"run/seal/tile/0/001.p/%d", "tile/0/001.p/%d"},
             {"run/seal/tile/1/000.p/1", "tile/1/000.p/1"},
             {"run/seal/tile/entries/000", "tile/entries/000"},
             {"run/seal/tile/entries/001.p/%d", "tile/entries/001.p/%d"},
             {"inputs/notes.txt", "input notes.txt"},
             {"inputs/deep/many.bin", "input deep/many.bin"},
             {"inputs/data.h5", "input data.h5"}};
enum { N_FILE = sizeof files / sizeof *files };

/* The file's path (owned by the caller), and the name that a sentence must contain. */
static char *file_path(const char *parent, int f, int64_t n_entry, char name[64])
{
    struct text path;
    int width = (int)(n_entry % 256);
    const char *mark = strstr(files[f].path, "%d");
    text_init(&path);
    text_add(&path, "%s/%.*s", parent, mark ? (int)(mark - files[f].path) : (int)strlen(files[f].path), files[f].path);
    mark = strstr(files[f].name, "%d");
    snprintf(name, 64, "%.*s", mark ? (int)(mark - files[f].name) : (int)strlen(files[f].name), files[f].name);
    if (mark != NULL) {
        text_add(&path, "%d", width);
        snprintf(name + strlen(name), 64 - strlen(name), "%d", width);
    }
    return path.bytes;
}

/* Verifies; on rank 0, whether some sentence contains `part`. */
static void check_found(const char *parent, const char *what, const char *part, const char *part_too)
{
    struct verify_report report;
    CHECK(run_verify(MPI_COMM_WORLD, parent, NULL, &report) == DIFFERS);
    CHECK(report.n_finding_total > 0);
    if (rank == 0) {
        bool found = false;
        for (int64_t i = 0; i < report.n_finding; i++)
            found = found || (strstr(report.findings[i], part) != NULL && strstr(report.findings[i], part_too) != NULL);
        if (!found)
            fprintf(stderr, "%s: no finding with \"%s\" and \"%s\" among %lld, first: %s\n", what, part, part_too,
                    (long long)report.n_finding_total, report.n_finding > 0 ? report.findings[0] : "none");
        CHECK(found);
    }
    verify_report_clear(&report);
}

static void check_sound(const char *parent)
{
    struct verify_report report;
    CHECK(run_verify(MPI_COMM_WORLD, parent, NULL, &report) == STATUS_OK);
    verify_report_clear(&report);
}

/* XORs one byte; every rank calls it. */
static void flip(const char *path, int64_t offset, int bits)
{
    if (rank == 0) {
        FILE *file = fopen(path, "r+");
        ASSERT(file != NULL && fseek(file, offset, SEEK_SET) == 0);
        int byte = fgetc(file);
        ASSERT(byte != EOF && fseek(file, offset, SEEK_SET) == 0 && fputc(byte ^ bits, file) != EOF);
        ASSERT(fclose(file) == 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void test_flips(const char *parent, int64_t n_entry, int n_flip)
{
    uint64_t state = 0x123456789abcdef; /* the same on every rank */
    for (int i = 0; i < n_flip; i++) {
        char name[64], what[128];
        int64_t bytes = 0;
        char *path = file_path(parent, i % N_FILE, n_entry, name);
        CHECK(file_size(path, &bytes) == STATUS_OK);
        state = state * 6364136223846793005u + 1442695040888963407u;
        int64_t offset = (int64_t)((state >> 16) % (uint64_t)bytes);
        int bits = 1 << (state >> 60) % 8;
        snprintf(what, sizeof what, "byte %lld of %s ^ %d", (long long)offset, name, bits);
        flip(path, offset, bits);
        check_found(parent, what, name, "");
        flip(path, offset, bits);
        memory_free(path);
    }
    check_sound(parent);
}

/* A flip in a dataset names it and its rows; one outside all names the file's structure. */
static void test_places(const char *parent)
{
    struct table_reader *reader = NULL;
    char *path = path_join(parent, "run/results.h5");
    CHECK(table_open(path, &reader) == STATUS_OK);
    for (int d = 0; reader != NULL && d < table_count(reader); d++) {
        const struct dataset *dataset = table_dataset(reader, d);
        int64_t offset, bytes;
        table_extent(reader, d, &offset, &bytes);
        for (int end = 0; bytes > 0 && end < 2; end++) { /* its first byte and its last */
            char rows[64];
            int64_t row = end ? dataset_rows(dataset) - 1 : 0;
            bool is_scores = strcmp(dataset->path, "/scores") == 0; /* 3,000 rows of 800 bytes in blocks of 1,310 */
            if (is_scores)
                snprintf(rows, sizeof rows, end ? "rows 2620 to 2999" : "rows 0 to 1309");
            else
                snprintf(rows, sizeof rows, "rows 0 to %lld", (long long)(end ? row : dataset_rows(dataset) - 1));
            flip(path, end ? offset + bytes - 1 : offset, 8);
            check_found(parent, dataset->path, dataset->path, rows);
            flip(path, end ? offset + bytes - 1 : offset, 8);
        }
    }
    table_reader_close(reader);
    flip(path, 0, 1);
    check_found(parent, "the signature of HDF5", "HDF5 metadata of results.h5", "");
    flip(path, 0, 1);
    memory_free(path);
    check_sound(parent);
}

static void test_lengths(const char *parent, int64_t n_entry)
{
    static const char *const damages[] = {"mv % %.kept", "cp % %.kept && truncate -s -1 %", "cp % %.kept && echo >> %",
                                          "cp % %.kept && : > %", "mv % %.kept && mkdir %"};
    for (int f = 0; f < N_FILE; f++)
        for (size_t d = 0; d < sizeof damages / sizeof *damages; d += size == 1 ? 1 : 2) {
            char name[64];
            char *path = file_path(parent, f, n_entry, name);
            bool unsealed = d == 0 && strcmp(name, "seal/checkpoint") == 0;
            if (rank == 0)
                ASSERT(scratch_run(damages[d], path) == 0);
            MPI_Barrier(MPI_COMM_WORLD);
            if (unsealed) {
                struct verify_report report;
                CHECK_FAILS(run_verify(MPI_COMM_WORLD, parent, NULL, &report), BAD_RUN, "never sealed");
                verify_report_clear(&report);
            } else {
                check_found(parent, damages[d], name, "");
            }
            MPI_Barrier(MPI_COMM_WORLD);
            if (rank == 0)
                ASSERT(scratch_run("rm -rf % && mv %.kept %", path) == 0);
            MPI_Barrier(MPI_COMM_WORLD);
            memory_free(path);
        }
    check_sound(parent);
}

/* Several files of the log at once: two of three witnesses still tell which ones are wrong. */
static void test_together(const char *parent)
{
    char *bundle = path_join(parent, "run/seal/tile/entries/000"), *partial_tile = NULL;
    struct verify_report report;
    char name[64];
    CHECK(run_verify(MPI_COMM_WORLD, parent, NULL, &report) == STATUS_OK);
    partial_tile = file_path(parent, 7, report.n_entry, name);
    verify_report_clear(&report);
    flip(bundle, 100, 1);
    flip(partial_tile, 100, 1);
    check_found(parent, "both", "tile/entries/000", "differ from those of the signed log");
    check_found(parent, "both", name, "differ from those of the signed log");
    flip(bundle, 100, 1);
    flip(partial_tile, 100, 1);
    check_sound(parent);
    memory_free(bundle);
    memory_free(partial_tile);
}

static void test_keys(const char *parent, const char *vkey)
{
    struct verify_report report;
    char *run = path_join(parent, "run"), *inputs = path_join(parent, "inputs"), *none = path_join(parent, "none");
    static const char other[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    CHECK(run_verify(MPI_COMM_WORLD, parent, vkey, &report) == STATUS_OK);
    verify_report_clear(&report);
    CHECK_FAILS(run_verify(MPI_COMM_WORLD, parent, other, &report), DIFFERS, "seal/key.vkey");
    verify_report_clear(&report);
    CHECK_FAILS(run_verify(MPI_COMM_WORLD, parent, "nonsense", &report), BAD_KEY, "expected a verification key");
    verify_report_clear(&report);
    CHECK(verify_run(MPI_COMM_WORLD, run, inputs, vkey, &report) == STATUS_OK);
    verify_report_clear(&report);
    CHECK_FAILS(verify_run(MPI_COMM_WORLD, run, none, vkey, &report), DIFFERS, "input ");
    CHECK(report.n_finding_total == 3); /* one for each file, not for each segment */
    verify_report_clear(&report);
    CHECK_FAILS(verify_run(MPI_COMM_WORLD, none, inputs, vkey, &report), BAD_RUN, "never sealed");
    verify_report_clear(&report);
    memory_free(run);
    memory_free(inputs);
    memory_free(none);
}

int main(int argc, char **argv)
{
    struct seal_result result = {0};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char *parent = run_scratch_begin(MPI_COMM_WORLD);
    run_make(MPI_COMM_WORLD, parent);
    CHECK(run_seal(MPI_COMM_WORLD, parent, &result) == STATUS_OK);
    CHECK(result.n_entry > 256 && result.n_entry < 512);
    test_flips(parent, result.n_entry, size == 1 ? 300 : 2 * N_FILE);
    test_places(parent);
    test_lengths(parent, result.n_entry);
    test_together(parent);
    test_keys(parent, result.vkey);
    run_scratch_end(MPI_COMM_WORLD, parent);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
