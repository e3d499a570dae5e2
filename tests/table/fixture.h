/* A small table of every type and shape, whose values have a closed form: read_table.py has the same one. */
#ifndef ASSAY_TESTS_TABLE_FIXTURE_H
#define ASSAY_TESTS_TABLE_FIXTURE_H

#include <dirent.h>
#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "table/table.h"

static const struct dataset datasets[] = {
    {"/top/score", TABLE_F64, 2, {103, 7}, 0, "1", "score of a proponent, larger first"},
    {"/top/sample", TABLE_I64, 2, {103, 7}, 0, "1", "index of the training sample"},
    {"/top/deep/er/sign", TABLE_I8, 3, {11, 3, 5}, 0, "1", "−1, 0 or 1"},
    {"/samples/id", TABLE_STRING, 1, {41}, 13, "1", "id of the sample"},
    {"/samples/code", TABLE_I32, 1, {41}, 0, "1", "index of its group"},
    {"/samples/sha256", TABLE_U8, 2, {41, 32}, 0, "1", "its digest"},
    {"/total", TABLE_F64, 0, {0}, 0, "µs", "a scalar"},
    {"/empty/rows", TABLE_F64, 2, {0, 4}, 0, "1", "no row"},
    {"/empty/columns", TABLE_I64, 2, {5, 0}, 0, "", ""},
    {"/empty/names", TABLE_STRING, 1, {0}, 9, "1", "no name"},
    {"/one", TABLE_I64, 1, {1}, 0, "1", "a single row"},
};
enum { N_DATASET = sizeof datasets / sizeof *datasets };

static const struct table_attribute attributes[] = {
    {"format", "assay table 1"}, {"job", "influence"}, {"note", "naïve × 2"}, {"nothing", ""}};
enum { N_ATTRIBUTE = sizeof attributes / sizeof *attributes };

/* Element k of dataset d, as the bytes that belong on disk. */
static inline void put_element(int d, int64_t k, unsigned char *bytes)
{
    int64_t integer = (k * 2654435761 + d * 40503) % 1000003 - 500000;
    double real = (double)integer / 64;
    int32_t small = (int32_t)integer;
    switch (datasets[d].type) {
        case TABLE_I8:
        case TABLE_U8:
            bytes[0] = (unsigned char)(k % 251 + d);
            break;
        case TABLE_I32:
            memcpy(bytes, &small, 4);
            break;
        case TABLE_I64:
            memcpy(bytes, &integer, 8);
            break;
        case TABLE_F64:
            memcpy(bytes, &real, 8);
            break;
        case TABLE_STRING:
            snprintf((char *)bytes, (size_t)datasets[d].string_bytes, "é-%lld", (long long)k);
            break;
    }
}

/* Rows [first, first + n) of dataset d; the caller owns them. */
static inline unsigned char *make_rows(int d, int64_t first, int64_t n)
{
    int64_t row = dataset_row_bytes(&datasets[d]), element = dataset_element_bytes(&datasets[d]);
    unsigned char *bytes = memory_allocate(n * row + 1, 1);
    for (int64_t at = 0; at < n * row; at += element)
        put_element(d, first * (row / element) + at / element, bytes + at);
    return bytes;
}

/* Uneven shares: even ranks share the rows and odd ones have none (but the last, when it is the only other). */
static inline void share_rows(int d, int rank, int size, int64_t *first, int64_t *n)
{
    int64_t rows = dataset_rows(&datasets[d]), parts = (size + 1) / 2, part = rank / 2;
    *first = rank % 2 ? 0 : rows * part * part / (parts * parts);
    *n = rank % 2 ? 0 : rows * (part + 1) * (part + 1) / (parts * parts) - *first;
}

/* This rank's share of dataset d in pieces of 5 rows, the later ones first. */
static inline enum status write_share(struct table *table, int d, int rank, int size)
{
    int64_t first, n;
    share_rows(d, rank, size, &first, &n);
    enum status status = table_write(table, datasets[d].path, 0, 0, NULL);
    for (int64_t at = (n - 1) / 5 * 5; status == STATUS_OK && n > 0 && at >= 0; at -= 5) {
        int64_t piece = n - at < 5 ? n - at : 5;
        unsigned char *rows = make_rows(d, first + at, piece);
        status = table_write(table, datasets[d].path, first + at, piece, rows);
        memory_free(rows);
    }
    return status;
}

static inline enum status write_all_datasets(struct table *table, MPI_Comm comm)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum status status = STATUS_OK;
    for (int d = 0; status == STATUS_OK && d < N_DATASET; d++)
        status = write_share(table, d, rank, size);
    return status;
}

/* The whole life of a table on `comm`.  A rank whose writes fail says so to the others before the close. */
static inline enum status make_table(MPI_Comm comm, const char *path)
{
    struct table *table = NULL;
    enum status status = table_create(comm, path, datasets, N_DATASET, attributes, N_ATTRIBUTE, &table);
    if (status != STATUS_OK)
        return status;
    int written = (int)write_all_datasets(table, comm), worst;
    MPI_Allreduce(&written, &worst, 1, MPI_INT, MPI_MAX, comm);
    enum status flushed = table_flush(table);
    enum status closed = table_close(table, worst == STATUS_OK && flushed == STATUS_OK);
    return worst != STATUS_OK ? (enum status)worst : flushed != STATUS_OK ? flushed : closed;
}

/* A fresh directory that all ranks know; rank 0 makes it, and removes it with remove_directory. */
static inline char *make_directory(MPI_Comm comm)
{
    static char name[512];
    int rank;
    MPI_Comm_rank(comm, &rank);
    const char *parent = getenv("TMPDIR");
    snprintf(name, sizeof name, "%s/assay-table-XXXXXX", parent ? parent : "/tmp");
    if (rank == 0 && mkdtemp(name) == NULL)
        MPI_Abort(comm, EXIT_FAILURE);
    MPI_Bcast(name, sizeof name, MPI_CHAR, 0, comm);
    return name;
}

static inline void remove_directory(MPI_Comm comm, const char *directory)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Barrier(comm);
    char command[1024];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    if (rank == 0 && system(command) != 0)
        fprintf(stderr, "%s could not be removed\n", directory);
}

/* "DIRECTORY/NAME", in one of a few buffers that take turns. */
static inline char *in_directory(const char *directory, const char *name)
{
    static char names[8][1024];
    static int turn;
    turn = (turn + 1) % 8;
    snprintf(names[turn], sizeof names[turn], "%s/%s", directory, name);
    return names[turn];
}

/* SHA-256 of a whole file in hex; "" when there is none. */
static inline void hash_file(const char *path, char hex[2 * DIGEST_BYTES + 1])
{
    char *bytes;
    size_t n;
    uint8_t sha256[DIGEST_BYTES];
    hex[0] = 0;
    if (file_load(path, 1 << 28, &bytes, &n) != STATUS_OK)
        return;
    digest_of(bytes, n, sha256);
    hex_encode(sha256, DIGEST_BYTES, hex);
    memory_free(bytes);
}

/* What must not grow: descriptors of this process, and objects that HDF5 holds. */
static inline int open_handles(void)
{
    int n = (int)H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL);
    DIR *list = opendir("/proc/self/fd");
    while (list != NULL && readdir(list) != NULL)
        n++;
    if (list != NULL)
        closedir(list);
    return n;
}

#endif
