/* How fast ranks write a table, against plain pwrite of the same bytes to the same places of a like file, in one run.
 *
 *     mpirun -n 2 build/release/bench_table [DIRECTORY] [MIB]
 *
 * A dataset of 1 GiB of f64 is written in pieces of 4 MiB, by rank 0 alone and then by all ranks, six times in turn
 * with its rival, after one turn that does not count.  Both files are reserved beforehand.  "written" is until the last
 * write returned, "durable" until the bytes were synced. */
#include <mpi.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "table/table.h"

enum { PIECE = 4 << 20, N_TURN = 6, PIECE_ELEMENTS = PIECE / 8 };

struct speed {
    double written, durable; /* seconds */
};

struct work {
    MPI_Comm comm;
    int rank, size;
    char path[1024];
    int64_t n_piece; /* of all ranks */
    const double *data;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", what, failure_sentence());
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

/* Seconds since `start` for the slowest rank. */
static double elapsed(MPI_Comm comm, double start)
{
    double mine = MPI_Wtime() - start, slowest;
    MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, comm);
    return slowest;
}

static struct table *make_table(const struct work *work)
{
    const struct dataset column = {"/column", TABLE_F64, 1, {work->n_piece * PIECE_ELEMENTS}, 0, "1", "numbers"};
    struct table *table;
    must(table_create(work->comm, work->path, &column, 1, NULL, 0, &table) == STATUS_OK, "table_create");
    return table;
}

static struct speed run_table(const struct work *work)
{
    struct speed speed;
    struct table *table = make_table(work);
    MPI_Barrier(work->comm);
    double start = MPI_Wtime();
    for (int64_t i = work->rank; i < work->n_piece; i += work->size)
        must(table_write(table, "/column", i * PIECE_ELEMENTS, PIECE_ELEMENTS, work->data) == STATUS_OK, "table_write");
    speed.written = elapsed(work->comm, start);
    must(table_flush(table) == STATUS_OK, "table_flush");
    speed.durable = elapsed(work->comm, start);
    must(table_close(table, true) == STATUS_OK, "table_close");
    return speed;
}

/* Writes to the same place of a table that was laid out but not filled: an offset that is no multiple of a page matters
 * to the kernel. */
static struct speed run_plain(const struct work *work)
{
    struct speed speed;
    struct table_reader *reader;
    int64_t offset, bytes;
    must(table_close(make_table(work), true) == STATUS_OK, "table_close");
    must(table_open(work->path, &reader) == STATUS_OK, "table_open");
    table_extent(reader, 0, &offset, &bytes);
    table_reader_close(reader);
    int descriptor = open(work->path, O_RDWR);
    must(descriptor >= 0, "open");
    MPI_Barrier(work->comm);
    double start = MPI_Wtime();
    for (int64_t i = work->rank; i < work->n_piece; i += work->size)
        must(pwrite(descriptor, work->data, PIECE, offset + i * PIECE) == PIECE, "pwrite");
    speed.written = elapsed(work->comm, start);
    must(fsync(descriptor) == 0, "fsync");
    speed.durable = elapsed(work->comm, start);
    close(descriptor);
    return speed;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, N_TURN, sizeof *values, compare_doubles);
    return (values[(N_TURN - 1) / 2] + values[N_TURN / 2]) / 2;
}

/* The two take turns, also in who is first: what one leaves to the kernel is to the cost of the other. */
static void compare(const struct work *work)
{
    double written[2][N_TURN], durable[2][N_TURN];
    for (int turn = -1; turn < N_TURN; turn++)
        for (int i = 0; i < 2; i++) {
            int which = (turn + 1 + i) % 2, kept = turn < 0 ? 0 : turn;
            if (work->rank == 0)
                unlink(work->path);
            MPI_Barrier(work->comm);
            struct speed speed = which ? run_plain(work) : run_table(work);
            written[which][kept] = speed.written;
            durable[which][kept] = speed.durable;
        }
    double megabytes = (double)work->n_piece * PIECE / 1e6, seconds[4];
    for (int which = 0; which < 2; which++) {
        seconds[which] = median(written[which]);
        seconds[2 + which] = median(durable[which]);
    }
    if (work->rank != 0)
        return;
    unlink(work->path);
    for (int i = 0; i < 4; i += 2)
        printf("%d rank%s, %s: table %7.0f MB/s, pwrite %7.0f MB/s, ratio %.2f\n", work->size,
               work->size == 1 ? " " : "s", i ? "durable" : "written", megabytes / seconds[i],
               megabytes / seconds[i + 1], seconds[i + 1] / seconds[i]);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    struct work work = {.comm = MPI_COMM_WORLD, .n_piece = (argc > 2 ? atoll(argv[2]) : 1024) * (1 << 20) / PIECE};
    snprintf(work.path, sizeof work.path, "%s/bench-table.h5", argc > 1 ? argv[1] : "/tmp");
    double *data = memory_allocate(PIECE_ELEMENTS, sizeof *data);
    for (int i = 0; i < PIECE_ELEMENTS; i++)
        data[i] = i;
    work.data = data;
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    struct work alone = work;
    alone.comm = MPI_COMM_SELF;
    alone.size = 1;
    if (rank == 0)
        compare(&alone);
    MPI_Barrier(MPI_COMM_WORLD);
    work.rank = rank;
    work.size = size;
    if (size > 1)
        compare(&work);
    memory_free(data);
    MPI_Finalize();
    return 0;
}
