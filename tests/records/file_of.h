/* A samples file of some bytes, in a folder of its own. */
#ifndef ASSAY_TESTS_RECORDS_FILE_OF_H
#define ASSAY_TESTS_RECORDS_FILE_OF_H

#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "overwrite.h"
#include "records/sample_rows.h"
#include "records/survey.h"

static char records_folder[] = "/tmp/assay-records-XXXXXX";

static inline void records_folder_make(void)
{
    CHECK(mkdtemp(records_folder) != NULL);
}

static inline void records_write(const char *name, const char *bytes, size_t n)
{
    char *path = path_join(records_folder, name);
    CHECK(overwrite(path, bytes, n));
    memory_free(path);
}

static inline void records_folder_remove(const char *name)
{
    char *path = path_join(records_folder, name);
    unlink(path);
    memory_free(path);
    CHECK(rmdir(records_folder) == 0);
}

/* Id of row i as a string, in a buffer of its own. */
static inline const char *row_id(const struct sample_rows *rows, int64_t i)
{
    static char id[2048];
    int64_t n = rows->samples->id_bytes;
    memcpy(id, rows->ids + i * n, (size_t)n);
    id[n] = 0;
    return id;
}

#endif
