/* A table reads back as it was written, by us and by h5py; its bytes are the same for any number of ranks; and what a
 * killed writer left can be resumed to the same bytes. */
#include <mpi.h>

#include "check.h"
#include "fixture.h"

static int rank, size;
static char *directory;

static void check_values(const char *path)
{
    struct table_reader *reader = NULL;
    CHECK(table_open(path, &reader) == STATUS_OK);
    if (reader == NULL)
        return;
    CHECK(table_count(reader) == N_DATASET);
    for (int d = 0; d < N_DATASET; d++) {
        const struct dataset *expected = &datasets[d], *found = table_find(reader, expected->path);
        CHECK(found != NULL);
        if (found == NULL)
            continue;
        CHECK(found->type == expected->type && found->n_dim == expected->n_dim);
        CHECK(memcmp(found->dims, expected->dims, sizeof found->dims) == 0);
        CHECK(found->string_bytes == expected->string_bytes);
        CHECK(strcmp(found->unit, expected->unit) == 0 && strcmp(found->text, expected->text) == 0);
        int64_t rows = dataset_rows(expected), bytes = rows * dataset_row_bytes(expected);
        unsigned char *wanted = make_rows(d, 0, rows), *seen = memory_allocate(bytes + 1, 1);
        CHECK(table_read(reader, expected->path, 0, rows, seen) == STATUS_OK);
        CHECK(memcmp(wanted, seen, (size_t)bytes) == 0);
        if (rows > 3) {
            int64_t row = dataset_row_bytes(expected);
            CHECK(table_read(reader, expected->path, 2, rows - 3, seen) == STATUS_OK);
            CHECK(memcmp(wanted + 2 * row, seen, (size_t)((rows - 3) * row)) == 0);
        }
        memory_free(wanted);
        memory_free(seen);
    }
    for (int i = 0; i < N_ATTRIBUTE; i++) {
        const char *value = table_attribute(reader, attributes[i].name);
        CHECK(value != NULL && strcmp(value, attributes[i].value) == 0);
    }
    CHECK(table_attribute(reader, "absent") == NULL && table_find(reader, "/absent") == NULL);
    table_reader_close(reader);
}

/* The extents are where the very bytes lie, in order of path, and do not overlap. */
static void check_extents(const char *path)
{
    struct table_reader *reader = NULL;
    char *content = NULL;
    size_t n_content = 0;
    CHECK(table_open(path, &reader) == STATUS_OK && file_load(path, 1 << 28, &content, &n_content) == STATUS_OK);
    for (int i = 0; i < table_count(reader); i++) {
        const struct dataset *shape = table_dataset(reader, i);
        CHECK(i == 0 || strcmp(table_dataset(reader, i - 1)->path, shape->path) < 0);
        int64_t offset, bytes, rows = dataset_rows(shape), size_expected = rows * dataset_row_bytes(shape);
        table_extent(reader, i, &offset, &bytes);
        CHECK(bytes == size_expected && (bytes > 0 || offset == -1));
        if (bytes == 0)
            continue;
        unsigned char *seen = memory_allocate(bytes, 1);
        CHECK(offset > 0 && offset + bytes <= (int64_t)n_content);
        CHECK(table_read(reader, shape->path, 0, rows, seen) == STATUS_OK);
        CHECK(memcmp(seen, content + offset, (size_t)bytes) == 0);
        memory_free(seen);
    }
    memory_free(content);
    table_reader_close(reader);
}

static void check_refusals(const char *path)
{
    struct table_reader *reader = NULL;
    char buffer[64];
    CHECK(table_open(path, &reader) == STATUS_OK);
    CHECK_FAILS(table_read(reader, "/absent", 0, 1, buffer), BAD_INPUT, "expected a dataset /absent");
    CHECK_FAILS(table_read(reader, "/one", 0, 2, buffer), BAD_INPUT, "expected 2 rows from row 0, found 1");
    CHECK_FAILS(table_read(reader, "/one", 2, 0, buffer), BAD_INPUT, "found 1");
    CHECK_FAILS(table_read(reader, "/one", -1, 1, buffer), BAD_INPUT, "from row -1");
    CHECK_FAILS(table_read(reader, "/one", 0, INT64_MAX, buffer), BAD_INPUT, "found 1");
    table_reader_close(reader);
}

static void run_h5py(const char *path)
{
    const char *source = getenv("ASSAY_SOURCE");
    if (source == NULL || system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
        printf("h5py was not asked: it is not installed, or ASSAY_SOURCE is not set\n");
        return;
    }
    char command[2048];
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/table/read_table.py' '%s'", source, path);
    CHECK(system(command) == 0);
}

static void test_same_bytes(void)
{
    char *path = in_directory(directory, "table.h5"), *alone = in_directory(directory, "alone.h5");
    CHECK(make_table(MPI_COMM_WORLD, path) == STATUS_OK);
    CHECK(path_exists(path) && !path_exists(in_directory(directory, "table.h5.partial")));
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        char together[65], single[65];
        CHECK(make_table(MPI_COMM_SELF, alone) == STATUS_OK);
        hash_file(path, together);
        hash_file(alone, single);
        CHECK(strlen(single) == 64 && strcmp(together, single) == 0);
        printf("sha256 of the table: %s\n", together);
        check_values(path);
        check_extents(path);
        check_refusals(path);
        run_h5py(path);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

static void copy_file(const char *from, const char *to)
{
    char *bytes;
    size_t n;
    CHECK(file_load(from, 1 << 28, &bytes, &n) == STATUS_OK && file_store(to, bytes, n, 0666) == STATUS_OK);
    memory_free(bytes);
}

/* The file as it lies on disk while the writers hold it open is what a killed job leaves behind. */
static void test_resume(void)
{
    char *path = in_directory(directory, "resumed.h5"), *partial = in_directory(directory, "resumed.h5.partial");
    char *killed = in_directory(directory, "killed.h5"), *left = in_directory(directory, "killed.h5.partial");
    char *whole = in_directory(directory, "table.h5");
    struct table *table = NULL;
    CHECK(table_create(MPI_COMM_WORLD, path, datasets, N_DATASET, attributes, N_ATTRIBUTE, &table) == STATUS_OK);
    for (int d = 0; d < N_DATASET; d += 2)
        CHECK(write_share(table, d, rank, size) == STATUS_OK);
    CHECK(table_flush(table) == STATUS_OK);
    if (rank == 0)
        copy_file(partial, left);
    CHECK(table_close(table, false) == STATUS_OK);
    CHECK(path_exists(partial) && !path_exists(path));
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < 2; i++) {
        CHECK(table_reopen(MPI_COMM_WORLD, i ? killed : path, datasets, N_DATASET, &table) == STATUS_OK);
        for (int d = 1; d < N_DATASET; d += 2)
            CHECK(write_share(table, d, rank, size) == STATUS_OK);
        CHECK(table_close(table, true) == STATUS_OK);
        char expected[65], found[65];
        hash_file(whole, expected);
        hash_file(i ? killed : path, found);
        CHECK(strlen(expected) == 64 && strcmp(expected, found) == 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Each layout differs from the file's in one respect. */
static void test_other_layouts(void)
{
    char *path = in_directory(directory, "other.h5");
    struct table *table = NULL;
    CHECK_FAILS(table_reopen(MPI_COMM_WORLD, path, datasets, N_DATASET, &table), BAD_RUN, "nothing to resume");
    CHECK(table_create(MPI_COMM_WORLD, path, datasets, N_DATASET, attributes, N_ATTRIBUTE, &table) == STATUS_OK);
    CHECK(table_close(table, false) == STATUS_OK);
    struct dataset other[N_DATASET];
    static const struct {
        struct dataset dataset;
        const char *part;
    } cases[] = {
        {{"/top/other", TABLE_F64, 2, {103, 7}, 0, "1", "score of a proponent, larger first"}, "found none"},
        {{"/top/score", TABLE_I64, 2, {103, 7}, 0, "1", "score of a proponent, larger first"}, "expected i64le"},
        {{"/top/score", TABLE_F64, 1, {103}, 0, "1", "score of a proponent, larger first"}, "[103]"},
        {{"/top/score", TABLE_F64, 2, {103, 8}, 0, "1", "score of a proponent, larger first"}, "[103 x 8]"},
        {{"/top/score", TABLE_STRING, 2, {103, 7}, 8, "1", "score of a proponent, larger first"}, "string of 8"},
        {{"/top/score", TABLE_F64, 2, {103, 7}, 0, "nats", "score of a proponent, larger first"}, "in nats"},
        {{"/top/score", TABLE_F64, 2, {103, 7}, 0, "1", "something else"}, "something else"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(other, datasets, sizeof other);
        other[0] = cases[i].dataset;
        CHECK_FAILS(table_reopen(MPI_COMM_WORLD, path, other, N_DATASET, &table), BAD_RUN, cases[i].part);
    }
    CHECK_FAILS(table_reopen(MPI_COMM_WORLD, path, datasets, N_DATASET - 1, &table), BAD_RUN, "expected 10 datasets");
    CHECK(table_reopen(MPI_COMM_WORLD, path, datasets, N_DATASET, &table) == STATUS_OK);
    CHECK(table_close(table, false) == STATUS_OK);
    if (rank == 0)
        CHECK(truncate(in_directory(directory, "other.h5.partial"), 700) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_FAILS(table_reopen(MPI_COMM_WORLD, path, datasets, N_DATASET, &table), BAD_RUN, "remove it");
}

/* Names around and beyond the length that MPI libraries have room for. */
static void test_long_names(void)
{
    char name[1024], expected[65], found[65];
    hash_file(in_directory(directory, "table.h5"), expected);
    for (int n = 150; n <= 900; n += n < 260 ? 7 : 320) {
        int length = snprintf(name, sizeof name, "%s", directory);
        while (length < n)
            length +=
                snprintf(name + length, sizeof name - (size_t)length, "/%.*s", n - length > 90 ? 90 : n - length,
                         "a-directory-of-a-project-with-a-name-of-some-length-as-sites-and-people-like-to-give-them-"
                         "on-their-clusters");
        snprintf(name + length, sizeof name - (size_t)length, "/t.h5");
        CHECK(make_table(MPI_COMM_WORLD, name) == STATUS_OK);
        hash_file(name, found);
        CHECK(strlen(found) == 64 && strcmp(expected, found) == 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* A table of nothing, one with an older partial in its way, and one whose directories are still to be made. */
static void test_corners(void)
{
    char *bare = in_directory(directory, "a/b/bare.h5"), *partial = in_directory(directory, "a/b/bare.h5.partial");
    struct table *table = NULL;
    CHECK(table_create(MPI_COMM_WORLD, bare, NULL, 0, NULL, 0, &table) == STATUS_OK);
    CHECK(table_close(table, false) == STATUS_OK);
    if (rank == 0)
        CHECK(file_store(partial, "something else", 14, 0666) == STATUS_OK);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(table_create(MPI_COMM_WORLD, bare, NULL, 0, NULL, 0, &table) == STATUS_OK);
    CHECK(table_close(table, true) == STATUS_OK);
    struct table_reader *reader = NULL;
    CHECK(table_open(bare, &reader) == STATUS_OK && table_count(reader) == 0);
    table_reader_close(reader);
    MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    directory = make_directory(MPI_COMM_WORLD);
    test_same_bytes();
    int handles = open_handles();
    test_resume();
    test_other_layouts();
    test_corners();
    test_long_names();
    CHECK(open_handles() == handles);
    remove_directory(MPI_COMM_WORLD, directory);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
