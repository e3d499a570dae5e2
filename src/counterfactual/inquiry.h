/* The inquiry: the records and tensors that one counterfactual job works on, opened and checked. */
#ifndef ASSAY_COUNTERFACTUAL_INQUIRY_H
#define ASSAY_COUNTERFACTUAL_INQUIRY_H

#include <mpi.h>

#include "base/text.h"
#include "counterfactual/counterfactual_config.h"
#include "records/records.h"
#include "tensor/tensor.h"

/* What the config says of it; all borrowed. */
struct inquiry_request {
    const char *directory; /* inputs are relative to it */
    const struct samples_config *samples;
    const struct checkpoints_config *checkpoints; /* NULL: no name may have {checkpoint} in it */
    const struct counterfactual_config *counterfactual;
    const struct strings *also; /* further files to commit as inputs */
    bool has_influence;         /* the run has scores of its own */
};

/* The tensors that a config may name; further methods' scores come after them. */
enum inquiry_tensor {
    RIDGE_FEATURES,
    RIDGE_TARGETS,
    RIDGE_LABELS,
    RIDGE_QUERIES,
    NETWORK_LOGITS,
    NETWORK_LABELS,
    TRUTH_BASELINE,
    TRUTH_SUBSETS,
    TRUTH_SUBSET_OUTPUTS,
    TRUTH_LEAVE_ONE_OUT,
    TRUTH_LEAVE_ONE_OUT_OUTPUTS,
    TRUTH_GROUPS,
    TRUTH_GROUP_OUTPUTS,
    CONTROL_INPUTS,
    CONTROL_LABELS,
    CONTROL_QUERY_INPUTS,
    CONTROL_QUERY_LABELS,
    N_INQUIRY_TENSORS
};

struct inquiry {
    const struct inquiry_request *request; /* borrowed, as the next one */
    const struct counterfactual_config *config;
    struct samples_config samples_config; /* with ridge.key among its groups, as the last */
    char **group_keys;                    /* owned list of borrowed keys */
    struct samples samples;
    int64_t n_group_column; /* of samples.columns: without ridge.key */
    struct queries queries;
    char *checkpoint; /* owned; what {checkpoint} stands for; NULL: nothing */
    char *scenarios;  /* owned; bytes of the scenarios file; NULL: none */
    size_t scenarios_length;
    struct tensor **tensors; /* owned; n_tensor, NULL where not configured */
    int n_tensor;
    struct segment_list segments; /* rank 0: records; more are added as the job reads */
};

/* Reads the records on rank 0, shares them, opens every tensor on every rank.
 * @collective comm   @fails BAD_INPUT, BAD_CONFIG; nothing is open then */
enum status inquiry_open(MPI_Comm comm, const struct inquiry_request *request, struct inquiry *inquiry);
void inquiry_close(struct inquiry *inquiry);

/* The same on one process, without MPI: for plans.  Every problem becomes a line of `problems`; true if there is none,
 * and the caller then closes it.  @local */
bool inquiry_open_local(const struct inquiry_request *request, struct inquiry *inquiry, struct text *problems);

static inline bool inquiry_has(const struct inquiry *inquiry, enum inquiry_tensor which)
{
    return inquiry->tensors[which] != NULL;
}

/* Every tensor is read in blocks of so many rows, by whoever reads it: the same segments on any number of ranks.
 * @local */
int64_t inquiry_block_rows(const struct inquiry *inquiry, int which);
int64_t inquiry_blocks(const struct inquiry *inquiry, int which);
/* Rows of block b. */
int64_t inquiry_rows_of(const struct inquiry *inquiry, int which, int64_t b);
/* Block b as doubles; its segments are listed if `list`.  @local   @fails BAD_INPUT, STOPPED */
enum status inquiry_read(struct inquiry *inquiry, int which, int64_t b, bool list, double *values);
/* A whole small tensor, read by rank 0, on every rank; the caller owns *values.  @collective comm   @fails BAD_INPUT */
enum status inquiry_load(MPI_Comm comm, struct inquiry *inquiry, int which, double **values);

/* Segments of all bytes that the job will have used, their digests zero, but for those listed already.
 * @local   @fails BAD_INPUT */
enum status inquiry_list(const struct inquiry *inquiry, struct segment_list *list);
/* Hashes, by the ranks in turn, what no row covers, and adds it.  @collective comm   @fails BAD_INPUT, STOPPED */
enum status inquiry_hash_rest(MPI_Comm comm, struct inquiry *inquiry);

#endif
