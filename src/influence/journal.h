/* The journal: partial results of the blocks that are flushed, so that a killed job goes on where it stopped. */
#ifndef ASSAY_INFLUENCE_JOURNAL_H
#define ASSAY_INFLUENCE_JOURNAL_H

#include <time.h>

#include "influence/partial.h"

/* One state file per rank and generation, and one small file, the head, that names the generation in force: it is
 * replaced atomically after all state files are on disk, so that a kill at any moment leaves one whole generation. Head
 * and states end with a SHA-256; that of a state covers the head's fingerprints, its generation and its number too, so
 * that no file can stand in for another. */
struct journal {
    char *directory; /* owned: RUN/journal */
    char config[65]; /* fingerprint of the config and the records: to be set before use */
    char inputs[65]; /* fingerprint of all that the blocks have in common: found by journal_load, else to be set before
                        journal_store */
    int64_t generation;    /* in force; 0: none */
    struct timespec begun; /* when the first job began whose blocks it has: inputs must not have changed since */
};

void journal_init(struct journal *journal, const char *run_directory);
void journal_clear(struct journal *journal);

/* Whether there is a generation in force; the same answer on every rank.  @collective comm */
bool journal_exists(MPI_Comm comm, const struct journal *journal);
/* Whether no input changed, was renamed or was replaced since the first job of the journal began; `inputs` are
 * relative to `directory`.  @local */
bool journal_is_newer(const struct journal *journal, const char *directory, const struct segment_list *inputs);
/* Shares out the state files over the ranks and merges them into their partial results; `done` (n_block flags) becomes
 * the union over all ranks.
 * @collective comm   @fails BAD_RUN when the journal is of another config or damaged */
enum status journal_load(MPI_Comm comm, struct journal *journal, struct partial *partial, uint8_t *done);
/* Whether a journal that was loaded has this fingerprint of inputs.  @local   @fails BAD_RUN */
enum status journal_check_inputs(const struct journal *journal, const char *inputs);
/* Writes the next generation and removes the former.  The tables must be flushed before.
 * @collective comm   @fails CANNOT_WRITE */
enum status journal_store(MPI_Comm comm, struct journal *journal, struct partial *partial);
/* Removes everything of this journal.  @collective comm */
void journal_remove(MPI_Comm comm, struct journal *journal);

#endif
