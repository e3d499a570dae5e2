/* Ground truth: models trained again without some examples, and what became of every query. */
#ifndef ASSAY_COUNTERFACTUAL_RETRAINED_H
#define ASSAY_COUNTERFACTUAL_RETRAINED_H

#include "counterfactual/inquiry.h"

enum truth_kind { TRUTH_OF_SUBSETS, TRUTH_OF_EXAMPLES, TRUTH_OF_GROUPS, N_TRUTH_KINDS };

/* The models of one kind. */
struct retrained_part {
    int64_t n, n_seed; /* models, but for seeds; 0: the kind is not configured */
    double *change;    /* owned; n × n_query: output - baseline output, both means over seeds */
    double *by_seed;   /* owned; n × n_seed × n_query: outputs as they are */
    int64_t *removed;  /* owned; n: examples that are missing */
    int64_t *example;  /* owned; n: the first of them */
    int64_t first;     /* of its sets among those of all kinds */
};

struct retrained {
    int64_t n_set, n_query, n_train; /* n_set: models of all kinds, but for seeds */
    struct retrained_part parts[N_TRUTH_KINDS];
    double *baseline; /* owned; n_query: mean over seeds */
    /* Sets that this rank works on: */
    int64_t n_own;
    int64_t *own;     /* owned; their numbers among all, ascending */
    uint8_t *missing; /* owned; n_own × n_train: 1 = removed */
};

/* Reads the outputs on every rank, and the masks, in blocks, dealt to the ranks.
 * @collective comm   @fails BAD_INPUT when a mask has anything but 0 and 1, or removes nothing or everything */
enum status retrained_load(MPI_Comm comm, struct inquiry *inquiry, struct retrained *truth);
void retrained_clear(struct retrained *truth);

static inline bool inquiry_has_truth(const struct inquiry *inquiry)
{
    return inquiry->tensors[TRUTH_BASELINE] != NULL;
}

#endif
