#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

char *path_join(const char *directory, const char *name)
{
    if (name[0] == '/' || directory == NULL || directory[0] == 0 || strcmp(directory, ".") == 0)
        return memory_copy_text(name);
    struct text path;
    text_init(&path);
    text_add(&path, "%s%s%s", directory, directory[strlen(directory) - 1] == '/' ? "" : "/", name);
    return path.bytes;
}

char *path_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return memory_copy_text(".");
    if (slash == path)
        return memory_copy_text("/");
    char *directory = memory_copy_text(path);
    directory[slash - path] = 0;
    return directory;
}

bool path_exists(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0;
}

bool path_is_directory(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISDIR(entry.st_mode);
}

char *path_relative(const char *from_directory, const char *to)
{
    char from[PATH_MAX], target[PATH_MAX];
    if (realpath(from_directory, from) == NULL || realpath(to, target) == NULL)
        return NULL;
    size_t shared = 0; /* length of the common leading path, up to a component's end */
    for (size_t i = 0;; i++) {
        bool from_ends = from[i] == 0 || from[i] == '/', target_ends = target[i] == 0 || target[i] == '/';
        if (from_ends && target_ends)
            shared = i;
        if (from[i] == 0 || target[i] == 0 || from[i] != target[i])
            break;
    }
    struct text path;
    text_init(&path);
    for (const char *rest = from + shared; *rest; rest++)
        if (*rest == '/' && rest[1])
            text_add(&path, "../");
    const char *tail = target + shared + (target[shared] == '/');
    text_add(&path, "%s", tail);
    if (path.length == 0)
        text_add(&path, ".");
    return path.bytes;
}

enum status file_size(const char *path, int64_t *bytes)
{
    struct stat entry;
    if (stat(path, &entry) != 0)
        return fail(BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(entry.st_mode))
        return fail(BAD_INPUT, "%s: expected a regular file, found %s", path,
                    S_ISDIR(entry.st_mode) ? "a directory" : "something else");
    *bytes = entry.st_size;
    return STATUS_OK;
}

enum status file_read_at(int descriptor, const char *path, int64_t offset, void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t piece = n - done < (1U << 30) ? n - done : 1U << 30;
        ssize_t got = pread(descriptor, (char *)bytes + done, piece, (off_t)(offset + (int64_t)done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(BAD_INPUT, "%s: reading at byte %lld failed: %s", path, (long long)(offset + (int64_t)done),
                        strerror(errno));
        if (got == 0)
            return fail(BAD_INPUT, "%s: expected %zu bytes at byte %lld, found only %zu: the file is truncated", path,
                        n, (long long)offset, done);
        done += (size_t)got;
    }
    return STATUS_OK;
}

enum status file_load(const char *path, int64_t limit, char **bytes, size_t *n)
{
    int64_t size = 0;
    char *content = NULL;
    enum status status = file_size(path, &size); /* before it is opened: opening a pipe would wait for ever */
    if (status != STATUS_OK)
        return status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    if (status == STATUS_OK && size > limit)
        status =
            fail(BAD_INPUT, "%s: expected at most %lld bytes, found %lld", path, (long long)limit, (long long)size);
    if (status == STATUS_OK) {
        content = memory_allocate(size + 1, 1);
        status = file_read_at(descriptor, path, 0, content, (size_t)size);
    }
    close(descriptor);
    if (status != STATUS_OK) {
        memory_free(content);
        return status;
    }
    *bytes = content;
    *n = (size_t)size;
    return STATUS_OK;
}

enum status directory_make(const char *path)
{
    char *partial = memory_copy_text(path);
    enum status status = STATUS_OK;
    for (char *at = partial + 1; status == STATUS_OK; at++) {
        char end = *at;
        if (end != '/' && end != 0)
            continue;
        *at = 0;
        if (mkdir(partial, 0777) != 0 && !(errno == EEXIST && path_is_directory(partial)))
            status = fail(CANNOT_WRITE, "%s: the directory cannot be made: %s", partial, strerror(errno));
        *at = end;
        if (end == 0)
            break;
    }
    memory_free(partial);
    return status;
}

static enum status sync_directory_of(const char *path)
{
    char *directory = path_directory(path);
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status = STATUS_OK;
    /* Some network file systems cannot sync a directory (EINVAL): the rename itself is then as durable as it gets. */
    if (descriptor < 0 || (fsync(descriptor) != 0 && errno != EINVAL))
        status = fail(CANNOT_WRITE, "%s: the directory cannot be synced: %s", directory, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    memory_free(directory);
    return status;
}

static enum status write_all(int descriptor, const char *path, const char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t put = write(descriptor, bytes + done, n - done < (1U << 30) ? n - done : 1U << 30);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return fail(CANNOT_WRITE, "%s: writing stopped after %zu of %zu bytes: %s", path, done, n,
                        put < 0 ? strerror(errno) : "nothing more was taken");
        done += (size_t)put;
    }
    if (fsync(descriptor) != 0)
        return fail(CANNOT_WRITE, "%s: the file cannot be synced: %s", path, strerror(errno));
    return STATUS_OK;
}

enum status file_rename(const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return fail(CANNOT_WRITE, "%s: cannot be renamed to %s: %s", from, to, strerror(errno));
    return sync_directory_of(to);
}

enum status file_store(const char *path, const void *bytes, size_t n, unsigned mode)
{
    char *directory = path_directory(path);
    enum status status = directory_make(directory);
    memory_free(directory);
    if (status != STATUS_OK)
        return status;
    struct text temporary;
    text_init(&temporary);
    text_add(&temporary, "%s.tmp-%ld", path, (long)getpid());
    unlink(temporary.bytes);
    int descriptor = open(temporary.bytes, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (descriptor < 0) {
        status = fail(CANNOT_WRITE, "%s: cannot be created: %s", temporary.bytes, strerror(errno));
    } else {
        status = write_all(descriptor, temporary.bytes, bytes, n);
        if (close(descriptor) != 0 && status == STATUS_OK)
            status = fail(CANNOT_WRITE, "%s: closing failed: %s", temporary.bytes, strerror(errno));
        if (status == STATUS_OK)
            status = file_rename(temporary.bytes, path);
        if (status != STATUS_OK)
            unlink(temporary.bytes);
    }
    text_clear(&temporary);
    return status;
}

enum status file_keep(const char *path, const void *bytes, size_t n, unsigned mode)
{
    char *old = NULL;
    size_t n_old = 0;
    int64_t size;
    bool same = file_size(path, &size) == STATUS_OK && size == (int64_t)n &&
                file_load(path, size, &old, &n_old) == STATUS_OK && memcmp(old, bytes, n) == 0;
    memory_free(old);
    return same ? STATUS_OK : file_store(path, bytes, n, mode);
}

void file_clean(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct text prefix;
    text_init(&prefix);
    text_add(&prefix, "%s.tmp-", slash != NULL ? slash + 1 : path);
    char *directory = path_directory(path);
    DIR *entries = opendir(directory);
    if (entries != NULL) {
        for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
            if (strncmp(entry->d_name, prefix.bytes, prefix.length) == 0)
                unlinkat(dirfd(entries), entry->d_name, 0);
        closedir(entries);
    }
    memory_free(directory);
    text_clear(&prefix);
}
