/* A run with lineage and influence to seal: PARENT/inputs/notes.txt and PARENT/run. */
#ifndef ASSAY_TESTS_SEAL_SAMPLES_H
#define ASSAY_TESTS_SEAL_SAMPLES_H

#include "run.h"
#include "usage/lineage.h"

static const char *const samples_tables[] = {"influence.h5", "lineage.h5"};

static inline void samples_make(MPI_Comm comm, const char *parent, int64_t n)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    if (rank == 0) {
        char *inputs = path_join(parent, "inputs"), *run = path_join(parent, "run");
        struct segment_list list;
        scratch_store(inputs, "notes.txt", "hello world\n", 12);
        scratch_store(run, "run.json", RUN_CONFIG, strlen(RUN_CONFIG));
        segments_init(&list);
        segments_add(&list, &(struct segment){.path = (char *)"notes.txt", .object = (char *)"-", .bytes = 12});
        ASSERT(segment_hash(inputs, &list.items[0]) == STATUS_OK);
        lineage_make(run, n, &list);
        lineage_make_influence(run, n, &list);
        segments_clear(&list);
        memory_free(inputs);
        memory_free(run);
    }
    MPI_Barrier(comm);
}

/* Seals PARENT/run, under the name that run.json gives it unless another is given. */
static inline enum status samples_seal_as(MPI_Comm comm, const char *parent, const char *name,
                                          struct seal_result *result)
{
    char *inputs = path_join(parent, "inputs"), *run = path_join(parent, "run"), *key = path_join(parent, "audit.key");
    const struct seal_request request = {.run_directory = run,
                                         .inputs_directory = inputs,
                                         .origin = RUN_ORIGIN,
                                         .run_name = name,
                                         .key_path = key,
                                         .started = "2025-01-01T00:00:00Z",
                                         .tables = samples_tables,
                                         .n_table = 2,
                                         .quiet = true};
    enum status status = seal_run(comm, &request, result);
    memory_free(inputs);
    memory_free(run);
    memory_free(key);
    return status;
}

static inline enum status samples_seal(MPI_Comm comm, const char *parent, struct seal_result *result)
{
    return samples_seal_as(comm, parent, "small", result);
}

#endif
