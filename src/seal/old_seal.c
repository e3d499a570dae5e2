#include "seal/old_seal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

static enum status remove_one(const char *path, bool is_directory)
{
    if ((is_directory ? rmdir(path) : unlink(path)) == 0 || errno == ENOENT)
        return STATUS_OK;
    return fail(CANNOT_WRITE, "%s: an older seal cannot be removed: %s", path, strerror(errno));
}

/* A tree of files; links are removed, never followed.  Tiles are a few levels deep. */
static enum status remove_tree(const char *path, int depth)
{
    struct stat entry;
    if (lstat(path, &entry) != 0)
        return errno == ENOENT ? STATUS_OK : fail(CANNOT_WRITE, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(entry.st_mode))
        return remove_one(path, false);
    DIR *directory = depth > 0 ? opendir(path) : NULL;
    if (directory == NULL)
        return fail(CANNOT_WRITE, "%s: an older seal cannot be removed: %s", path,
                    depth > 0 ? strerror(errno) : "it has too many levels of directories");
    enum status status = STATUS_OK;
    for (struct dirent *item; status == STATUS_OK && (item = readdir(directory)) != NULL;) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        char *child = path_join(path, item->d_name);
        status = remove_tree(child, depth - 1);
        memory_free(child);
    }
    closedir(directory);
    return status == STATUS_OK ? remove_one(path, true) : status;
}

enum status old_seal_remove(const char *seal)
{
    enum { MOST_LEVELS = 16 };
    static const char *const rest[] = {
        "checkpoint.old", "statement.intoto.jsonl", "report.intoto.jsonl", "key.vkey", "tile",
        "samples.h5",     "samples.h5.partial"};
    enum status status = STATUS_OK;
    char *directory = path_directory(seal), *page = path_join(directory, "report.html"); /* of the former root */
    char *checkpoint = path_join(seal, "checkpoint"), *old = path_join(seal, "checkpoint.old");
    file_clean(checkpoint);
    if (path_exists(checkpoint))
        status = file_rename(checkpoint, old); /* on disk before anything else goes */
    for (size_t i = 0; i < sizeof rest / sizeof *rest && status == STATUS_OK; i++) {
        char *path = path_join(seal, rest[i]);
        file_clean(path);
        status = remove_tree(path, MOST_LEVELS);
        memory_free(path);
    }
    if (status == STATUS_OK)
        status = remove_one(page, false);
    memory_free(directory);
    memory_free(page);
    memory_free(checkpoint);
    memory_free(old);
    return status;
}
