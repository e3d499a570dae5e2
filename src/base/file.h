/* Files that are whole or absent: read at once, or written beside the target and renamed. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* `name` as seen from `directory` ("" or NULL: the working directory); absolute names stay.  Caller owns it. */
char *path_join(const char *directory, const char *name);
/* Everything before the last slash ("." if there is none).  Caller owns it. */
char *path_directory(const char *path);
bool path_exists(const char *path);
bool path_is_directory(const char *path);
/* The shortest relative path that leads from `from_directory` to `to` (both must exist, both are resolved).  Caller
 * owns it; NULL when either does not exist. */
char *path_relative(const char *from_directory, const char *to);

/* Size in bytes of a regular file.  @fails BAD_INPUT */
enum status file_size(const char *path, int64_t *bytes);

/* The whole file with a zero byte after it; refuses more than `limit` bytes.  Caller owns *bytes.  @fails BAD_INPUT */
enum status file_load(const char *path, int64_t limit, char **bytes, size_t *n);

/* Exactly n bytes at `offset`, looping over short reads.  @fails BAD_INPUT */
enum status file_read_at(int descriptor, const char *path, int64_t offset, void *bytes, size_t n);

/* Writes n bytes under a temporary name, fsyncs, renames onto `path` and fsyncs the directory: a reader sees the old
 * file or the new one.  Makes missing parent directories.  @fails CANNOT_WRITE */
enum status file_store(const char *path, const void *bytes, size_t n, unsigned mode);

/* The same, but a file that has these bytes already is left as it is.  @fails CANNOT_WRITE */
enum status file_keep(const char *path, const void *bytes, size_t n, unsigned mode);

/* Removes what calls of file_store for `path` that were killed left beside it; no such call may be under way.  @local
 */
void file_clean(const char *path);

/* Renames a finished file and makes the rename durable.  @fails CANNOT_WRITE */
enum status file_rename(const char *from, const char *to);

/* mkdir -p.  @fails CANNOT_WRITE */
enum status directory_make(const char *path);

#endif
