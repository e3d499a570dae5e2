/* A file of exactly these bytes, for tests that write one thousands of times. */
#ifndef ASSAY_TESTS_OVERWRITE_H
#define ASSAY_TESTS_OVERWRITE_H

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* Writes over the old file and cuts its end: some file systems sync a file that was emptied and written anew. */
static inline bool overwrite(const char *path, const void *bytes, size_t n)
{
    int file = open(path, O_WRONLY | O_CREAT, 0666);
    bool good = file >= 0 && write(file, bytes, n) == (ssize_t)n && ftruncate(file, (off_t)n) == 0;
    return file >= 0 && close(file) == 0 && good;
}

#endif
