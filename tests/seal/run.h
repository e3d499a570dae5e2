/* A small run to seal: inputs of every kind, run.json and two tables, as jobs leave them. */
#ifndef ASSAY_TESTS_SEAL_RUN_H
#define ASSAY_TESTS_SEAL_RUN_H

#include <mpi.h>
#include <stdio.h>

#include "comm/agree.h"
#include "scratch.h"
#include "seal/seal.h"
#include "table/table.h"
#include "tensor/tensor.h"

#define RUN_ORIGIN "example.org/audit/test"
#define RUN_CONFIG "{\n  \"run\": {\n    \"name\": \"small\"\n  }\n}\n"

enum { RUN_ROWS = 3000, RUN_COLUMNS = 100, RUN_PIECES = 300, RUN_PIECE_BYTES = 9, RUN_DATA_ROWS = 500 };

static const char *const run_tables[] = {"results.h5", "more.h5"};

/* A directory that all ranks know; rank 0 made it. */
static inline char *run_scratch_begin(MPI_Comm comm)
{
    int rank;
    size_t n = 0;
    char *path = NULL;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0) {
        path = scratch_begin();
        n = strlen(path) + 1;
    }
    MPI_Bcast(&n, sizeof n, MPI_BYTE, 0, comm);
    if (rank != 0)
        path = memory_allocate((int64_t)n, 1);
    MPI_Bcast(path, (int)n, MPI_CHAR, 0, comm);
    return path;
}

static inline void run_scratch_end(MPI_Comm comm, char *path)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Barrier(comm);
    if (rank == 0)
        scratch_end(path);
    else
        memory_free(path);
}

static inline void run_table_store(MPI_Comm comm, const char *directory, const char *name, double first,
                                   const struct segment_list *inputs)
{
    struct dataset datasets[4 + N_INPUT_DATASETS] = {
        {"/scores", TABLE_F64, 2, {RUN_ROWS, RUN_COLUMNS}, 0, "1", "a score of each example for each query"},
        {"/empty", TABLE_I64, 2, {0, 3}, 0, "1", "nothing"},
        {"/names", TABLE_STRING, 1, {2}, 7, "1", "names of caf\xc3\xa9s"},
        {"/total", TABLE_I64, 0, {0}, 0, "B", "one number"}};
    struct table *table = NULL;
    int rank;
    int64_t total = 42;
    char *path = path_join(directory, name);
    double *scores = memory_allocate(RUN_ROWS * RUN_COLUMNS, sizeof *scores);
    for (int i = 0; i < RUN_ROWS * RUN_COLUMNS; i++)
        scores[i] = first + i;
    MPI_Comm_rank(comm, &rank);
    inputs_datasets(comm, inputs, datasets + 4);
    ASSERT(table_create(comm, path, datasets, 4 + N_INPUT_DATASETS, NULL, 0, &table) == STATUS_OK);
    if (rank == 0) {
        ASSERT(table_write(table, "/scores", 0, RUN_ROWS, scores) == STATUS_OK);
        ASSERT(table_write(table, "/names", 0, 2, "one\0\0\0\0seventh") == STATUS_OK);
        ASSERT(table_write(table, "/total", 0, 1, &total) == STATUS_OK);
        ASSERT(inputs_write(table, inputs) == STATUS_OK);
    }
    ASSERT(table_close(table, true) == STATUS_OK);
    memory_free(scores);
    memory_free(path);
}

/* The segments of the inputs: a text, a file in many pieces of two tensors, and an HDF5 file with its dataset's rows.
 */
static inline void run_inputs(const char *inputs_directory, struct segment_list *list)
{
    char *data = path_join(inputs_directory, "data.h5");
    int64_t size = 0;
    segments_init(list);
    segments_add(list, &(struct segment){.path = (char *)"notes.txt", .object = (char *)"-", .bytes = 12});
    for (int i = 0; i < RUN_PIECES; i++)
        segments_add(list, &(struct segment){.path = (char *)"deep/many.bin",
                                             .object = (char *)(i % 2 ? "fc1.input" : "fc1.gradient"),
                                             .offset = i * RUN_PIECE_BYTES,
                                             .bytes = RUN_PIECE_BYTES,
                                             .row_first = i / 2,
                                             .n_row = 1});
    ASSERT(file_size(data, &size) == STATUS_OK);
    segments_add(list, &(struct segment){.path = (char *)"data.h5", .object = (char *)"-", .bytes = size});
    segments_add(list, &(struct segment){.path = (char *)"data.h5",
                                         .object = (char *)"/values",
                                         .kind = SEGMENT_LOGICAL,
                                         .bytes = RUN_DATA_ROWS * 8,
                                         .n_row = RUN_DATA_ROWS});
    for (int64_t i = 0; i < list->n; i++)
        ASSERT(segment_hash(inputs_directory, &list->items[i]) == STATUS_OK);
    memory_free(data);
}

/* Makes PARENT/inputs and PARENT/run. */
static inline void run_make(MPI_Comm comm, const char *parent)
{
    int rank;
    char *inputs = path_join(parent, "inputs"), *run = path_join(parent, "run");
    struct segment_list list;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0) {
        char pieces[RUN_PIECES * RUN_PIECE_BYTES];
        const struct dataset values = {"/values", TABLE_F64, 1, {RUN_DATA_ROWS}, 0, "1", "some numbers"};
        struct table *table = NULL;
        double numbers[RUN_DATA_ROWS];
        char *data = path_join(inputs, "data.h5");
        for (size_t i = 0; i < sizeof pieces; i++)
            pieces[i] = (char)(i * 7);
        for (int i = 0; i < RUN_DATA_ROWS; i++)
            numbers[i] = 0.5 * i;
        scratch_store(inputs, "notes.txt", "hello world\n", 12);
        scratch_store(inputs, "deep/many.bin", pieces, sizeof pieces);
        scratch_store(run, "run.json", RUN_CONFIG, strlen(RUN_CONFIG));
        ASSERT(table_create(MPI_COMM_SELF, data, &values, 1, NULL, 0, &table) == STATUS_OK);
        ASSERT(table_write(table, "/values", 0, RUN_DATA_ROWS, numbers) == STATUS_OK);
        ASSERT(table_close(table, true) == STATUS_OK);
        memory_free(data);
    }
    MPI_Barrier(comm);
    segments_init(&list);
    if (rank == 0)
        run_inputs(inputs, &list);
    run_table_store(comm, run, run_tables[0], 1.5, &list);
    while (list.n > 100) { /* the second table knows fewer pieces, of the same files */
        memory_free(list.items[list.n - 1].path);
        memory_free(list.items[--list.n].object);
    }
    run_table_store(comm, run, run_tables[1], -1e9, &list);
    segments_clear(&list);
    memory_free(inputs);
    memory_free(run);
}

/* Seals PARENT/run with PARENT/audit.key. */
static inline enum status run_seal(MPI_Comm comm, const char *parent, struct seal_result *result)
{
    char *inputs = path_join(parent, "inputs"), *run = path_join(parent, "run"), *key = path_join(parent, "audit.key");
    static const char *const versions[] = {"library", "1.2.3", NULL};
    const struct seal_request request = {.run_directory = run,
                                         .inputs_directory = inputs,
                                         .origin = RUN_ORIGIN,
                                         .key_path = key,
                                         .execution_json = "{\n  \"backend\": \"blas\"\n}\n",
                                         .started = "2025-01-01T00:00:00Z",
                                         .tables = run_tables,
                                         .n_table = 2,
                                         .versions = versions,
                                         .quiet = true};
    enum status status = seal_run(comm, &request, result);
    memory_free(inputs);
    memory_free(run);
    memory_free(key);
    return status;
}

/* Verifies PARENT/run; the report is cleared by the caller. */
static inline enum status run_verify(MPI_Comm comm, const char *parent, const char *vkey, struct verify_report *report)
{
    char *run = path_join(parent, "run");
    enum status status = verify_run(comm, run, NULL, vkey, report);
    memory_free(run);
    return status;
}

/* The first k ranks, for others to wait for. */
static inline MPI_Comm first_ranks(MPI_Comm comm, int k)
{
    int rank;
    MPI_Comm part;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_split(comm, rank < k ? 0 : MPI_UNDEFINED, rank, &part);
    return part;
}

#endif
