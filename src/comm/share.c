#include "comm/share.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "comm/agree.h"

enum { PIECE = 1 << 28 }; /* elements per MPI call: an int count, and room below 2 GiB for bytes */

static void broadcast(MPI_Comm comm, char *bytes, int64_t n)
{
    for (int64_t at = 0; at < n; at += PIECE)
        MPI_Bcast(bytes + at, to_int(n - at < PIECE ? n - at : PIECE), MPI_BYTE, 0, comm);
}

void share_bytes(MPI_Comm comm, char **bytes, size_t *n)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    int64_t count = rank == 0 ? (int64_t)*n : 0;
    MPI_Bcast(&count, 1, MPI_INT64_T, 0, comm);
    if (rank != 0) {
        *bytes = memory_allocate(count + 1, 1);
        *n = (size_t)count;
    }
    broadcast(comm, *bytes, count);
}

static void add_raw_segments(const char *name, const char *bytes, int64_t n, struct segment_list *segments)
{
    int64_t offset = 0;
    do { /* an empty file has one empty segment, so that it is listed */
        int64_t piece = n - offset < SEGMENT_LIMIT ? n - offset : SEGMENT_LIMIT;
        struct segment segment = {
            .path = (char *)name, .object = (char *)"-", .kind = SEGMENT_RAW, .offset = offset, .bytes = piece};
        digest_of(bytes + offset, (size_t)piece, segment.sha256);
        segments_add(segments, &segment);
        offset += piece;
    } while (offset < n);
}

enum status share_load(MPI_Comm comm, const char *directory, const char *name, int64_t limit, char **bytes, size_t *n,
                       struct segment_list *segments)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    enum status status = STATUS_OK;
    *bytes = NULL;
    *n = 0;
    if (rank == 0) {
        char *path = path_join(directory, name);
        status = file_load(path, limit, bytes, n);
        memory_free(path);
        if (status != STATUS_OK)
            *bytes = NULL;
        else if (segments != NULL)
            add_raw_segments(name, *bytes, (int64_t)*n, segments);
    }
    status = agree_from(comm, 0, status);
    if (status != STATUS_OK) {
        memory_free(*bytes); /* the test hook fails a rank that had loaded it */
        *bytes = NULL;
    }
    return status;
}

enum status share_file(MPI_Comm comm, const char *directory, const char *name, int64_t limit, char **bytes, size_t *n,
                       struct segment_list *segments)
{
    enum status status = share_load(comm, directory, name, limit, bytes, n, segments);
    if (status == STATUS_OK)
        share_bytes(comm, bytes, n);
    return status;
}

enum { TAG_LENGTH = 71, TAG_BYTES };

void share_send(MPI_Comm comm, int to, const char *bytes, int64_t n)
{
    MPI_Send(&n, 1, MPI_INT64_T, to, TAG_LENGTH, comm);
    for (int64_t at = 0; at < n; at += PIECE)
        MPI_Send(bytes + at, to_int(n - at < PIECE ? n - at : PIECE), MPI_BYTE, to, TAG_BYTES, comm);
}

char *share_receive(MPI_Comm comm, int from, int64_t *n)
{
    MPI_Recv(n, 1, MPI_INT64_T, from, TAG_LENGTH, comm, MPI_STATUS_IGNORE);
    char *bytes = memory_allocate(*n, 1);
    for (int64_t at = 0; at < *n; at += PIECE)
        MPI_Recv(bytes + at, to_int(*n - at < PIECE ? *n - at : PIECE), MPI_BYTE, from, TAG_BYTES, comm,
                 MPI_STATUS_IGNORE);
    return bytes;
}

enum status share_segments(MPI_Comm comm, struct segment_list *list)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum status status = STATUS_OK;
    /* A binomial tree: each rank takes in those of its children, then sends all it has to its parent. */
    for (int step = 1; step < size; step *= 2) {
        if (rank % (2 * step) == step) {
            char *bytes;
            int64_t n;
            segments_pack(list, &bytes, &n);
            share_send(comm, rank - step, bytes, n);
            memory_free(bytes);
            segments_clear(list);
            break;
        }
        if (rank % (2 * step) == 0 && rank + step < size) {
            int64_t n;
            char *bytes = share_receive(comm, rank + step, &n);
            enum status received = segments_unpack(bytes, n, list);
            status = received != STATUS_OK ? received : status;
            memory_free(bytes);
        }
    }
    if (rank == 0 && status == STATUS_OK)
        status = segments_sort(list);
    return agree(comm, status);
}

void share_sum(MPI_Comm comm, int64_t *values, int64_t n)
{
    for (int64_t at = 0; at < n; at += PIECE / 8)
        MPI_Allreduce(MPI_IN_PLACE, values + at, to_int(n - at < PIECE / 8 ? n - at : PIECE / 8), MPI_INT64_T, MPI_SUM,
                      comm);
}

void share_sum_to(MPI_Comm comm, const int64_t *values, int64_t *sums, int64_t n)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    for (int64_t at = 0; at < n; at += PIECE / 8) {
        bool in_place = rank == 0 && values == sums;
        MPI_Reduce(in_place ? MPI_IN_PLACE : (const void *)(values + at), rank == 0 ? sums + at : NULL,
                   to_int(n - at < PIECE / 8 ? n - at : PIECE / 8), MPI_INT64_T, MPI_SUM, 0, comm);
    }
}

/* The bits of a double are an integer, and zeros add nothing to it: an exact sum moves it as it is. */
void share_doubles(MPI_Comm comm, double *values, int64_t n)
{
    _Static_assert(sizeof(double) == sizeof(int64_t), "doubles travel as integers");
    enum { AT_ONCE = 1 << 20 };
    int64_t *bits = memory_allocate_raw(n < AT_ONCE ? n : AT_ONCE, sizeof *bits);
    for (int64_t at = 0; at < n; at += AT_ONCE) {
        int64_t count = n - at < AT_ONCE ? n - at : AT_ONCE;
        memcpy(bits, values + at, (size_t)count * sizeof *bits);
        share_sum(comm, bits, count);
        memcpy(values + at, bits, (size_t)count * sizeof *bits);
    }
    memory_free(bits);
}
