#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "table/inputs.h"

const struct dataset input_shapes[N_INPUT_DATASETS] = {
    [INPUT_PATH] = {.path = "/inputs/path",
                    .type = TABLE_STRING,
                    .n_dim = 1,
                    .unit = "1",
                    .text = "file that the bytes were read from, as the config names it"},
    [INPUT_OBJECT] = {.path = "/inputs/object",
                      .type = TABLE_STRING,
                      .n_dim = 1,
                      .unit = "1",
                      .text = "tensor or dataset within the file; - for other bytes of it"},
    [INPUT_KIND] = {.path = "/inputs/kind",
                    .type = TABLE_U8,
                    .n_dim = 1,
                    .unit = "1",
                    .text =
                        "what was hashed: 0 bytes of the file, 1 rows of an HDF5 dataset, little-endian and row-major"},
    [INPUT_PLACE] = {.path = "/inputs/place",
                     .type = TABLE_I64,
                     .n_dim = 2,
                     .dims = {0, 2},
                     .unit = "bytes, rows",
                     .text = "where they begin: offset in the file (of rows: in the dataset), and first row"},
    [INPUT_COUNT] = {.path = "/inputs/count",
                     .type = TABLE_I64,
                     .n_dim = 2,
                     .dims = {0, 2},
                     .unit = "bytes, rows",
                     .text = "how many they are: bytes, and rows"},
    [INPUT_SHA256] = {.path = "/inputs/sha256",
                      .type = TABLE_U8,
                      .n_dim = 2,
                      .dims = {0, DIGEST_BYTES},
                      .unit = "1",
                      .text = "SHA-256 of exactly these bytes"},
};

static int64_t wider(int64_t width, const char *text)
{
    int64_t n = (int64_t)strlen(text);
    return n > width ? n : width;
}

/* Rows and the widths of path and object. */
static void measure(const struct segment_list *segments, int64_t size[3])
{
    size[0] = segments->n;
    size[1] = size[2] = 1;
    for (int64_t i = 0; i < segments->n; i++) {
        size[1] = wider(size[1], segments->items[i].path);
        size[2] = wider(size[2], segments->items[i].object);
    }
}

void inputs_datasets(MPI_Comm comm, const struct segment_list *segments, struct dataset datasets[N_INPUT_DATASETS])
{
    int64_t size[3] = {0};
    int rank;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0)
        measure(segments, size);
    MPI_Bcast(size, 3, MPI_INT64_T, 0, comm);
    for (int i = 0; i < N_INPUT_DATASETS; i++) {
        datasets[i] = input_shapes[i];
        datasets[i].dims[0] = size[0];
    }
    datasets[INPUT_PATH].string_bytes = size[1];
    datasets[INPUT_OBJECT].string_bytes = size[2];
}

static void put_int64(uint8_t *bytes, int64_t value)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> 8 * i);
}

static void put_row(int dataset, const struct segment *segment, uint8_t *row)
{
    switch (dataset) {
        case INPUT_PATH:
            memcpy(row, segment->path, strlen(segment->path));
            break;
        case INPUT_OBJECT:
            memcpy(row, segment->object, strlen(segment->object));
            break;
        case INPUT_KIND:
            row[0] = (uint8_t)segment->kind;
            break;
        case INPUT_PLACE:
            put_int64(row, segment->offset);
            put_int64(row + 8, segment->row_first);
            break;
        case INPUT_COUNT:
            put_int64(row, segment->bytes);
            put_int64(row + 8, segment->n_row);
            break;
        case INPUT_SHA256:
            memcpy(row, segment->sha256, DIGEST_BYTES);
            break;
    }
}

enum status inputs_write(struct table *table, const struct segment_list *segments)
{
    struct dataset datasets[N_INPUT_DATASETS];
    inputs_datasets(MPI_COMM_SELF, segments, datasets);
    enum status status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < N_INPUT_DATASETS; i++) {
        int64_t width = dataset_row_bytes(&datasets[i]);
        uint8_t *rows = memory_allocate(segments->n, (size_t)width);
        for (int64_t j = 0; j < segments->n; j++)
            put_row(i, &segments->items[j], rows + j * width);
        status = table_write(table, datasets[i].path, 0, segments->n, rows);
        memory_free(rows);
    }
    return status;
}
