/* The list of inputs reads back as it was written, on any number of ranks, and a list that no writer makes is refused.
 */
#include <mpi.h>

#include "check.h"
#include "fixture.h"

static int rank;
static char *directory;

static void make_segments(struct segment_list *segments, int n)
{
    segments_init(segments);
    for (int i = 0; i < n; i++) {
        char path[64], object[64];
        snprintf(path, sizeof path, "captures/step-%06d/tr\xc3\xa4in-%05d.safetensors", i / 7, i % 7);
        snprintf(object, sizeof object, "%s", i % 3 ? "fc1.input" : "-");
        struct segment segment = {.path = path,
                                  .object = object,
                                  .kind = i % 5 ? SEGMENT_RAW : SEGMENT_LOGICAL,
                                  .offset = (int64_t)i << 40,
                                  .bytes = i * 1000,
                                  .row_first = i,
                                  .n_row = 4096 - i};
        digest_of(&i, sizeof i, segment.sha256);
        segments_add(segments, &segment);
    }
}

static bool same(const struct segment *a, const struct segment *b)
{
    return strcmp(a->path, b->path) == 0 && strcmp(a->object, b->object) == 0 && a->kind == b->kind &&
           a->offset == b->offset && a->bytes == b->bytes && a->row_first == b->row_first && a->n_row == b->n_row &&
           memcmp(a->sha256, b->sha256, DIGEST_BYTES) == 0;
}

/* Only rank 0 has the list; `damage` may change what it wrote. */
static void write_list(const char *path, int n, void (*damage)(struct table *))
{
    struct segment_list segments;
    make_segments(&segments, rank == 0 ? n : 0);
    struct dataset shapes[N_INPUT_DATASETS];
    struct table *table = NULL;
    inputs_datasets(MPI_COMM_WORLD, &segments, shapes);
    CHECK(shapes[0].dims[0] == n && shapes[5].dims[0] == n);
    CHECK(table_create(MPI_COMM_WORLD, path, shapes, N_INPUT_DATASETS, NULL, 0, &table) == STATUS_OK);
    if (rank == 0) {
        CHECK(inputs_write(table, &segments) == STATUS_OK);
        if (damage)
            damage(table);
    }
    CHECK(table_close(table, true) == STATUS_OK);
    segments_clear(&segments);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void check_round_trip(int n)
{
    char *path = in_directory(directory, "inputs.h5");
    write_list(path, n, NULL);
    struct table_reader *reader = NULL;
    struct segment_list expected, found;
    make_segments(&expected, n);
    make_segments(&found, 1); /* what is read is appended */
    CHECK(table_open(path, &reader) == STATUS_OK && inputs_read(reader, &found) == STATUS_OK);
    CHECK(found.n == n + 1);
    for (int i = 0; i < n && i + 1 < found.n; i++)
        CHECK(same(&expected.items[i], &found.items[i + 1]));
    table_reader_close(reader);
    segments_clear(&expected);
    segments_clear(&found);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void no_path(struct table *table)
{
    static const char nothing[128];
    CHECK(table_write(table, "/inputs/path", 3, 1, nothing) == STATUS_OK);
}

static void bad_object(struct table *table)
{
    CHECK(table_write(table, "/inputs/object", 3, 1, "a\0b\0\0\0\0\0") == STATUS_OK);
}

static void bad_kind(struct table *table)
{
    CHECK(table_write(table, "/inputs/kind", 3, 1, "\2") == STATUS_OK);
}

static void negative(struct table *table)
{
    static const int64_t place[2] = {-1, 0};
    CHECK(table_write(table, "/inputs/place", 3, 1, place) == STATUS_OK);
}

static void beyond(struct table *table)
{
    static const int64_t count[2] = {1, INT64_MAX};
    CHECK(table_write(table, "/inputs/count", 3, 1, count) == STATUS_OK);
}

static void test_bad_rows(void)
{
    static void (*const damages[])(struct table *) = {no_path, bad_object, bad_kind, negative, beyond};
    char *path = in_directory(directory, "damaged.h5");
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        write_list(path, 9, damages[i]);
        struct table_reader *reader = NULL;
        struct segment_list found;
        segments_init(&found);
        CHECK(table_open(path, &reader) == STATUS_OK);
        CHECK_FAILS(inputs_read(reader, &found), BAD_INPUT, "damaged.h5: /inputs: row 3: expected");
        CHECK(found.n == 0);
        table_reader_close(reader);
        MPI_Barrier(MPI_COMM_WORLD);
    }
}

static void test_bad_shapes(void)
{
    struct segment_list segments;
    make_segments(&segments, 9);
    struct dataset good[N_INPUT_DATASETS], bad[N_INPUT_DATASETS];
    inputs_datasets(MPI_COMM_WORLD, &segments, good);
    static const struct {
        int dataset;
        struct dataset shape;
        const char *part;
    } cases[] = {
        {0, {"/inputs/elsewhere", TABLE_STRING, 1, {9}, 9, "1", ""}, "found no dataset /inputs/path"},
        {0,
         {"/inputs/path", TABLE_STRING, 1, {8}, 9, "1", ""},
         "/inputs/object: expected 8 rows like /inputs/path, found 9"},
        {0,
         {"/inputs/path", TABLE_STRING, 1, {9}, 65537, "1", ""},
         "/inputs/path: expected names of at most 65536 bytes"},
        {1,
         {"/inputs/object", TABLE_U8, 1, {9}, 0, "1", ""},
         "/inputs/object: expected string in 1 dimensions, found u8"},
        {2, {"/inputs/kind", TABLE_I8, 1, {9}, 0, "1", ""}, "/inputs/kind: expected u8"},
        {3, {"/inputs/place", TABLE_I64, 2, {9, 3}, 0, "1", ""}, "/inputs/place: expected i64le in 2 dimensions"},
        {3, {"/inputs/place", TABLE_I64, 1, {9}, 0, "1", ""}, "/inputs/place: expected i64le in 2 dimensions"},
        {4, {"/inputs/count", TABLE_I64, 2, {10, 2}, 0, "1", ""}, "/inputs/count: expected 9 rows"},
        {5, {"/inputs/sha256", TABLE_U8, 2, {9, 31}, 0, "1", ""}, "/inputs/sha256: expected u8 in 2 dimensions"},
    };
    char *path = in_directory(directory, "shapes.h5");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(bad, good, sizeof bad);
        bad[cases[i].dataset] = cases[i].shape;
        struct table *table = NULL;
        struct table_reader *reader = NULL;
        CHECK(table_create(MPI_COMM_WORLD, path, bad, N_INPUT_DATASETS, NULL, 0, &table) == STATUS_OK);
        CHECK(table_close(table, true) == STATUS_OK);
        struct segment_list found;
        segments_init(&found);
        CHECK(table_open(path, &reader) == STATUS_OK);
        CHECK_FAILS(inputs_read(reader, &found), BAD_INPUT, cases[i].part);
        CHECK(found.n == 0);
        table_reader_close(reader);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    segments_clear(&segments);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    directory = make_directory(MPI_COMM_WORLD);
    check_round_trip(0);
    check_round_trip(1);
    check_round_trip(1000);
    test_bad_rows();
    test_bad_shapes();
    remove_directory(MPI_COMM_WORLD, directory);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
