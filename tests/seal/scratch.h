/* A directory of this test alone, gone when it ends. */
#ifndef ASSAY_TESTS_SEAL_SCRATCH_H
#define ASSAY_TESTS_SEAL_SCRATCH_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

/* The caller ends it with scratch_end. */
static inline char *scratch_begin(void)
{
    const char *parent = getenv("TMPDIR"), *memory = "/dev/shm"; /* where syncing a file costs nothing */
    if (parent == NULL)
        parent = access(memory, W_OK) == 0 ? memory : "/tmp";
    char *path = path_join(parent, "assay-seal-XXXXXX");
    ASSERT(mkdtemp(path) != NULL);
    return path;
}

static inline int scratch_run(const char *format, const char *path)
{
    struct text command;
    text_init(&command);
    for (const char *at = format; *at; at++) /* a % stands for the path */
        if (*at == '%')
            text_add(&command, "'%s'", path);
        else
            text_add_bytes(&command, at, 1);
    int code = system(command.bytes);
    text_clear(&command);
    return code;
}

static inline void scratch_end(char *path)
{
    ASSERT(scratch_run("rm -rf %", path) == 0);
    memory_free(path);
}

static inline void scratch_store(const char *directory, const char *name, const void *bytes, size_t n)
{
    char *path = path_join(directory, name);
    ASSERT(file_store(path, bytes, n, 0644) == STATUS_OK);
    memory_free(path);
}

static inline char *scratch_load(const char *directory, const char *name, size_t *n)
{
    char *path = path_join(directory, name), *bytes = NULL;
    ASSERT(file_load(path, 1 << 30, &bytes, n) == STATUS_OK);
    memory_free(path);
    return bytes;
}

#endif
