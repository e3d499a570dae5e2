/* What must hold: rows can be read back by the rank that wrote them; a table that is extended in the end has its final
 * name, what was there before and what came, the same bytes on any ranks; a job that failed leaves no final name. */
#include <mpi.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "check.h"
#include "table/table.h"

enum { N = 1000, MORE = 7 };

static const struct dataset fixed[] = {
    {.path = "/values", .type = TABLE_I64, .n_dim = 1, .dims = {N}, .unit = "1", .text = "values"},
    {.path = "/none", .type = TABLE_F64, .n_dim = 1, .dims = {0}, .unit = "1", .text = "no rows"}};
static const struct dataset later[] = {
    {.path = "/more/names",
     .type = TABLE_STRING,
     .n_dim = 1,
     .dims = {MORE},
     .string_bytes = 4,
     .unit = "1",
     .text = "t"},
    {.path = "/more/none", .type = TABLE_I32, .n_dim = 1, .dims = {0}, .unit = "1", .text = "no rows"},
    {.path = "/more/table", .type = TABLE_F64, .n_dim = 2, .dims = {MORE, 2}, .unit = "1", .text = "a matrix"}};
static const struct table_attribute early[] = {{"table", "test"}}, late[] = {{"verdict", "good"}};

static enum status make(const char *path, int rank, int size, enum status outcome)
{
    struct table *table = NULL;
    int64_t first = N * (int64_t)rank / size, end = N * ((int64_t)rank + 1) / size, values[N], back[N];
    char names[MORE * 4] = {0};
    double matrix[2 * MORE];
    CHECK(table_create(MPI_COMM_WORLD, path, fixed, 2, early, 1, &table) == STATUS_OK);
    for (int64_t i = first; i < end; i++)
        values[i - first] = i * i;
    CHECK(table_write(table, "/values", first, end - first, values) == STATUS_OK);
    for (int64_t k = 0; k < end - first; k += 7) {
        int64_t n = end - first - k < 5 ? end - first - k : 5;
        CHECK(table_recall(table, "/values", first + k, n, back) == STATUS_OK);
        CHECK(memcmp(back, values + k, (size_t)n * sizeof *back) == 0);
    }
    for (int i = 0; i < MORE; i++) {
        memcpy(names + 4 * i, "abcd", (size_t)(1 + i % 4));
        matrix[2 * i] = matrix[2 * i + 1] = rank == 0 ? i / 3.0 : -1; /* only rank 0's count */
    }
    const void *const data[] = {names, NULL, matrix};
    fail(outcome, "what came before");
    return table_extend(table, outcome, later, data, 3, late, 1);
}

static void check_content(const char *path)
{
    struct table_reader *reader = NULL;
    int64_t values[N];
    double matrix[2 * MORE];
    char names[MORE * 4];
    CHECK(table_open(path, &reader) == STATUS_OK);
    if (reader == NULL)
        return;
    CHECK(table_count(reader) == 5 && strcmp(table_attribute(reader, "verdict"), "good") == 0);
    CHECK(strcmp(table_attribute(reader, "table"), "test") == 0);
    CHECK(table_read(reader, "/values", 0, N, values) == STATUS_OK);
    for (int64_t i = 0; i < N; i++)
        CHECK(values[i] == i * i);
    CHECK(table_read(reader, "/more/table", 0, MORE, matrix) == STATUS_OK && matrix[2 * MORE - 1] == (MORE - 1) / 3.0);
    CHECK(table_read(reader, "/more/names", 0, MORE, names) == STATUS_OK && memcmp(names + 4, "ab\0\0abc\0", 8) == 0);
    CHECK(strcmp(table_find(reader, "/more/table")->text, "a matrix") == 0);
    table_reader_close(reader);
}

static void test_extend(const char *directory, int rank, int size)
{
    char *path = path_join(directory, "extended.h5"), *again = path_join(directory, "again.h5");
    char *one, *other;
    size_t n_one, n_other;
    CHECK(make(path, rank, size, STATUS_OK) == STATUS_OK);
    CHECK(make(again, rank, size, STATUS_OK) == STATUS_OK);
    if (rank == 0) {
        check_content(path);
        CHECK(file_load(path, 1 << 20, &one, &n_one) == STATUS_OK);
        CHECK(file_load(again, 1 << 20, &other, &n_other) == STATUS_OK);
        CHECK(n_one == n_other && memcmp(one, other, n_one) == 0);
        memory_free(one);
        memory_free(other);
        unlink(path);
        unlink(again);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_FAILS(make(path, rank, size, BAD_INPUT), BAD_INPUT, "what came before");
    CHECK(!path_exists(path));
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        struct text partial;
        text_init(&partial);
        text_add(&partial, "%s.partial", path);
        CHECK(unlink(partial.bytes) == 0);
        text_clear(&partial);
    }
    memory_free(path);
    memory_free(again);
}

int main(void)
{
    MPI_Init(NULL, NULL);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char directory[] = "assay-extend-XXXXXX";
    if (rank == 0)
        CHECK(mkdtemp(directory) != NULL);
    MPI_Bcast(directory, sizeof directory, MPI_CHAR, 0, MPI_COMM_WORLD);
    test_extend(directory, rank, size);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK(rmdir(directory) == 0);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
