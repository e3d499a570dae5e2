/* What the tests of the trainer share: a fresh directory, and a config in it. */
#ifndef ASSAY_TESTS_REFERENCE_SCENE_H
#define ASSAY_TESTS_REFERENCE_SCENE_H

#include <mpi.h>

#include "check.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "reference/train.h"
#include "reference/train_config.h"

enum { SCENE_PATH_BYTES = 512 };

/* A new directory, the same name on every rank.  @collective comm */
static inline void scene_directory(MPI_Comm comm, char path[SCENE_PATH_BYTES])
{
    int rank;
    const char *parent = getenv("TMPDIR");
    MPI_Comm_rank(comm, &rank);
    snprintf(path, SCENE_PATH_BYTES, "%s/assay-reference-XXXXXX", parent != NULL ? parent : "/tmp");
    if (rank == 0 && mkdtemp(path) == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    MPI_Bcast(path, SCENE_PATH_BYTES, MPI_CHAR, 0, comm);
}

/* Removes it again.  @collective comm */
static inline void scene_remove(MPI_Comm comm, const char *path)
{
    int rank;
    char command[SCENE_PATH_BYTES + 32];
    MPI_Comm_rank(comm, &rank);
    MPI_Barrier(comm);
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (rank == 0)
        CHECK(system(command) == 0);
    MPI_Barrier(comm);
}

/* Where the committed digits are. */
static inline const char *scene_data(void)
{
    const char *data = getenv("ASSAY_DATA");
    if (data == NULL) {
        fprintf(stderr, "ASSAY_DATA must name the folder data/ of the source tree; ctest sets it\n");
        exit(EXIT_FAILURE);
    }
    return data;
}

/* Parses the section "train" with the committed digits and these further members; the caller clears it. */
static inline void scene_config(const char *members, struct config *config)
{
    static const struct section *const sections[] = {&train_section, NULL};
    struct text text;
    text_init(&text);
    text_add(
        &text,
        "{\"train\": {\"data\": {\"images\": \"%s/digits-images.npy\", \"labels\": \"%s/digits-labels.npy\"}, %s}}",
        scene_data(), scene_data(), members);
    enum status status = config_parse(text.bytes, text.length, "test.json", sections, config);
    if (status != STATUS_OK) {
        fprintf(stderr, "%s\n", failure_sentence());
        exit(EXIT_FAILURE);
    }
    text_clear(&text);
}

/* train_run with these members in `directory`. */
static inline enum status scene_train(MPI_Comm comm, const char *directory, const char *members,
                                      struct train_summary *summary)
{
    struct config config;
    scene_config(members, &config);
    enum status status = train_run(comm, config_get(&config, "train"), directory, true, summary);
    config_clear(&config);
    return status;
}

#endif
