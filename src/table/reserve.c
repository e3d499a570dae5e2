#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "table/layout.h"

static int64_t free_bytes(int descriptor)
{
    struct statvfs system;
    if (fstatvfs(descriptor, &system) != 0 || system.f_frsize == 0 ||
        system.f_bavail > (uint64_t)INT64_MAX / system.f_frsize)
        return INT64_MAX;
    return (int64_t)(system.f_bavail * system.f_frsize);
}

/* 0 or an errno. */
static int reserve(int descriptor, int64_t bytes)
{
    int error;
    do {
        error = posix_fallocate(descriptor, 0, (off_t)bytes);
    } while (error == EINTR);
    /* Some file systems cannot reserve (and some C libraries do not imitate it): then the room that they report must
     * do, and a disk that fills up meanwhile is found by the write. */
    if (error == EOPNOTSUPP || error == EINVAL || error == ENOSYS)
        error = free_bytes(descriptor) < bytes ? ENOSPC : 0;
    return error;
}

enum status table_reserve(const char *file, int64_t bytes)
{
    int descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return fail(CANNOT_WRITE, "%s: cannot be created: %s", file, strerror(errno));
    int64_t left = free_bytes(descriptor); /* before: a reservation that fails may have taken what there was */
    int error = reserve(descriptor, bytes);
    enum status status = STATUS_OK;
    char needed[32], found[32];
    if (error != 0)
        status =
            fail(CANNOT_WRITE,
                 "%s: the table needs %lld bytes (%s) on disk, %lld (%s) are free there, and reserving them failed: "
                 "%s; make room or choose another run directory",
                 file, (long long)bytes, figure_bytes((double)bytes, needed), (long long)left,
                 figure_bytes((double)left, found), strerror(error));
    if (close(descriptor) != 0 && status == STATUS_OK)
        status = fail(CANNOT_WRITE, "%s: closing failed: %s", file, strerror(errno));
    return status;
}
