/* A small lineage.h5: steps that repeat, uses of samples that nobody knows, ids of any length. */
#ifndef ASSAY_TESTS_QUERY_EVENTS_H
#define ASSAY_TESTS_QUERY_EVENTS_H

#include <mpi.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "check.h"
#include "table/table.h"

enum { N_STEP = 40, N_USE = 97, N_SAMPLE = 23, ID_BYTES = 8 };

static int64_t steps[N_STEP], use_start[N_STEP + 1], sample[N_USE], process[N_STEP];
static char ids[N_SAMPLE][ID_BYTES];

static inline void make_events(void)
{
    uint32_t random = 7;
    for (int s = 0; s < N_STEP; s++) {
        random = random * 1664525u + 1013904223u;
        steps[s] = (s > 0 ? steps[s - 1] : -3) + (random >> 30); /* repeats, and gaps */
        process[s] = random >> 31;
        use_start[s + 1] = use_start[s] + (random >> 20) % 5; /* some have none */
        if (use_start[s + 1] > N_USE)
            use_start[s + 1] = N_USE;
    }
    use_start[N_STEP] = N_USE;
    for (int u = 0; u < N_USE; u++)
        sample[u] = (u * 7) % (N_SAMPLE + 2); /* two that nobody knows */
    for (int i = 0; i < N_SAMPLE; i++)
        snprintf(ids[i], ID_BYTES, i == 3 ? "" : i == 4 ? "8 bytes" : "id%d", i);
    memcpy(ids[5], "allbytes", ID_BYTES);
}

static inline void write_file(const char *path)
{
    const struct dataset list[] = {
        {"/steps/step", TABLE_I64, 1, {N_STEP}, 0, "1", "step"},
        {"/steps/process", TABLE_I64, 1, {N_STEP}, 0, "1", "process"},
        {"/steps/use_start", TABLE_I64, 1, {N_STEP + 1}, 0, "1", "starts"},
        {"/uses/sample", TABLE_I64, 1, {N_USE}, 0, "1", "sample"},
        {"/samples/id", TABLE_STRING, 1, {N_SAMPLE}, ID_BYTES, "1", "id"},
    };
    struct table *table = NULL;
    CHECK(table_create(MPI_COMM_SELF, path, list, sizeof list / sizeof *list, NULL, 0, &table) == STATUS_OK);
    CHECK(table_write(table, "/steps/step", 0, N_STEP, steps) == STATUS_OK);
    CHECK(table_write(table, "/steps/process", 0, N_STEP, process) == STATUS_OK);
    CHECK(table_write(table, "/steps/use_start", 0, N_STEP + 1, use_start) == STATUS_OK);
    CHECK(table_write(table, "/uses/sample", 0, N_USE, sample) == STATUS_OK);
    CHECK(table_write(table, "/samples/id", 0, N_SAMPLE, ids) == STATUS_OK);
    CHECK(table_close(table, true) == STATUS_OK);
}

/* A run directory with that file; the caller ends it with events_end. */
static inline char *events_begin(void)
{
    char *folder = memory_copy_text("/tmp/assay-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    char *file = path_join(folder, "lineage.h5"), *config = path_join(folder, "run.json");
    make_events();
    write_file(file);
    CHECK(file_store(config, "{}\n", 3, 0644) == STATUS_OK);
    memory_free(config);
    memory_free(file);
    return folder;
}

static inline void events_end(char *folder)
{
    char *file = path_join(folder, "lineage.h5"), *config = path_join(folder, "run.json");
    unlink(file);
    unlink(config);
    rmdir(folder);
    memory_free(config);
    memory_free(file);
    memory_free(folder);
}

#endif
