#include "cost/measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"

enum { PIECE = 1 << 20, N_PIECE = 48 };

static double seconds_of(enum clock clock)
{
    struct timespec now;
    clock_gettime(clock == CLOCK_OF_WALL ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double measure_best(void (*go)(void *), void *what, enum clock clock)
{
    const double enough = 0.25;
    double best = 1e9, started = seconds_of(CLOCK_OF_WALL);
    for (int i = 0; i < 3 || seconds_of(CLOCK_OF_WALL) - started < enough; i++) {
        double begin = seconds_of(clock);
        go(what);
        double took = seconds_of(clock) - begin;
        best = took < best ? took : best;
    }
    return best > 1e-9 ? best : 1e-9; /* a clock may stand still, and rates are divided by it */
}

struct scratch_file {
    char *path; /* owned */
    int descriptor;
    char *piece; /* owned */
    struct digest *digest;
    enum status status; /* of the latest go */
};

static void write_all(void *what)
{
    struct scratch_file *file = what;
    for (int i = 0; i < N_PIECE && file->status == STATUS_OK; i++)
        for (size_t done = 0; done < PIECE && file->status == STATUS_OK;) {
            ssize_t n = pwrite(file->descriptor, file->piece + done, PIECE - done, (off_t)i * PIECE + (off_t)done);
            if (n > 0)
                done += (size_t)n;
            else if (n == 0 || errno != EINTR)
                file->status = fail(CANNOT_WRITE, "%s: writing failed: %s", file->path, strerror(errno));
        }
    if (file->status == STATUS_OK && fsync(file->descriptor) != 0)
        file->status = fail(CANNOT_WRITE, "%s: the file cannot be synced: %s", file->path, strerror(errno));
}

static void read_all(void *what)
{
    struct scratch_file *file = what;
    uint8_t sha256[DIGEST_BYTES];
    digest_begin(file->digest);
    for (int i = 0; i < N_PIECE && file->status == STATUS_OK; i++) {
        file->status = file_read_at(file->descriptor, file->path, (int64_t)i * PIECE, file->piece, PIECE);
        digest_add(file->digest, file->piece, PIECE);
    }
    digest_end(file->digest, sha256);
}

enum status measure_files(const char *directory, struct calibration *calibration)
{
    struct scratch_file file = {.path = path_join(directory, "assay-calibration-XXXXXX")};
    file.descriptor = mkstemp(file.path);
    if (file.descriptor < 0) {
        enum status status =
            fail(CANNOT_WRITE, "%s: a temporary file cannot be made there: %s", directory, strerror(errno));
        memory_free(file.path);
        return status;
    }
    file.piece = memory_allocate(PIECE, 1);
    file.digest = digest_create();
    for (int i = 0; i < PIECE; i++)
        file.piece[i] = (char)(i * 7 + i / 251); /* nothing that a file system would compress away */
    double written = measure_best(write_all, &file, CLOCK_OF_WALL), read = 1;
    if (file.status == STATUS_OK)
        read = measure_best(read_all, &file, CLOCK_OF_PROCESSOR);
    calibration->write_bytes = (double)PIECE * N_PIECE / written;
    calibration->read_bytes = (double)PIECE * N_PIECE / read;
    close(file.descriptor);
    unlink(file.path);
    digest_destroy(file.digest);
    memory_free(file.piece);
    memory_free(file.path);
    return file.status;
}
