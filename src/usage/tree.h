/* The tree of samples of a run: one leaf per sample with a content digest, made by all ranks. */
#ifndef ASSAY_USAGE_TREE_H
#define ASSAY_USAGE_TREE_H

#include <mpi.h>

#include "usage/spread.h"
#include "usage/summary.h"

struct usage_request { /* all borrowed */
    const char *run_directory;
    bool has_influence; /* influence.h5 belongs to the run */
    const char *origin, *run_name;
    bool quiet; /* no progress */
};

struct usage_tree {
    struct leaf *leaves; /* owned: [begin, begin + n) of the tree, this rank's */
    int64_t begin, n;
    struct hash *nodes; /* owned: roots of this rank's full groups, the first is number begin / GROUP_LEAVES */
    int64_t n_node;
    struct usage_summary summary; /* of the whole; the same on every rank */
};

/* Makes it from lineage.h5 and influence.h5.  The same on any number of ranks.  usage_tree_clear releases it, also
 * after a failure.
 * @collective comm   @fails BAD_INPUT, BAD_RUN */
enum status usage_tree_make(MPI_Comm comm, const struct usage_request *request, struct usage_tree *tree);
void usage_tree_clear(struct usage_tree *tree);

/* The same from leaves alone (this rank's, in any order; taken): their order, nodes and root, and the summary's size
 * and root.  @collective comm   @fails BAD_RUN when two leaves are equal */
enum status usage_tree_build(MPI_Comm comm, struct leaf *leaves, int64_t n, struct usage_tree *tree);

#endif
