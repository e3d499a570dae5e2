#include "seal/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { PIECE_BYTES = 1 << 20 };

static enum status hash_open_file(int descriptor, const char *path, int64_t offset, int64_t bytes,
                                  uint8_t sha256[DIGEST_BYTES])
{
    struct digest *digest = digest_create();
    char *piece = memory_allocate(bytes < PIECE_BYTES ? bytes : PIECE_BYTES, 1);
    enum status status = STATUS_OK;
    digest_begin(digest);
    for (int64_t at = 0; at < bytes && status == STATUS_OK; at += PIECE_BYTES) {
        size_t n = bytes - at < PIECE_BYTES ? (size_t)(bytes - at) : PIECE_BYTES;
        status = file_read_at(descriptor, path, offset + at, piece, n);
        digest_add(digest, piece, n);
    }
    if (status == STATUS_OK)
        digest_end(digest, sha256);
    memory_free(piece);
    digest_destroy(digest);
    return status;
}

enum status content_hash(const char *path, int64_t offset, int64_t bytes, uint8_t sha256[DIGEST_BYTES])
{
    struct stat entry;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
    if (descriptor < 0)
        return fail(BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    enum status status = STATUS_OK;
    if (fstat(descriptor, &entry) != 0 || !S_ISREG(entry.st_mode))
        status = fail(BAD_INPUT, "%s: expected a regular file", path);
    else if (offset < 0 || offset > entry.st_size || bytes > entry.st_size - offset)
        status = fail(BAD_INPUT, "%s: expected %lld bytes at byte %lld, found a file of %lld bytes: it is truncated",
                      path, (long long)bytes, (long long)offset, (long long)entry.st_size);
    else
        status = hash_open_file(descriptor, path, offset, bytes < 0 ? entry.st_size - offset : bytes, sha256);
    close(descriptor);
    return status;
}
