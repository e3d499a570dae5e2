/* The tree of samples on disk, RUN/seal/samples.h5: its leaves in order and the nodes above each full group of them, so
 * that a proof needs no more than a few rows. */
#ifndef ASSAY_USAGE_STORE_H
#define ASSAY_USAGE_STORE_H

#include "merkle/stretch.h"
#include "table/table.h"
#include "usage/tree.h"

/* Writes it, each rank its part.  @collective comm   @fails CANNOT_WRITE */
enum status usage_store(MPI_Comm comm, const char *run_directory, const struct usage_tree *tree);

/* Reads the file back, each rank another part than it would have written, and tells whether it holds leaves in order,
 * without repeats, that have these nodes and this root.
 * @collective comm   @fails DIFFERS, naming the file and what is wrong */
enum status usage_store_check(MPI_Comm comm, const char *run_directory, int64_t size, const struct hash *root);
/* Of a file with the tree's leaves: whether it says of each leaf which sample it is of, which no hash covers.
 * @collective comm   @fails DIFFERS, naming the file and what is wrong */
enum status usage_store_check_samples(MPI_Comm comm, const char *run_directory, const struct usage_tree *tree);

/* ---- reading it, on one rank ------------------------------------------------------------------------------------ */

struct usage_stored {
    struct table_reader *reader; /* owned */
    int64_t size;
};

/* usage_stored_close releases it, also after a failure.  @local   @fails BAD_RUN when it is not there or not of `size`
 * leaves (−1: of any number) */
enum status usage_stored_open(const char *run_directory, int64_t size, struct usage_stored *stored);
void usage_stored_close(struct usage_stored *stored);

/* Leaves [first, first + n).  @local   @fails BAD_INPUT */
enum status usage_stored_leaves(const struct usage_stored *stored, int64_t first, int64_t n, struct leaf *leaves);
/* The number of the first leaf that is not before `leaf`, of whose bytes the first `n_byte` count.
 * @local   @fails BAD_INPUT */
enum status usage_stored_find(const struct usage_stored *stored, const void *leaf, size_t n_byte, int64_t *index);
/* A merkle_source; `stored` is a struct usage_stored. */
enum status usage_stored_node(void *stored, int level, int64_t index, struct hash *hash);

#endif
