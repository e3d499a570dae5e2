/* The ground truth of a counterfactual: networks trained again without some of their samples. */
#ifndef ASSAY_REFERENCE_RETRAIN_H
#define ASSAY_REFERENCE_RETRAIN_H

#include <mpi.h>

#include "base/status.h"
#include "reference/hand_over.h"
#include "reference/query_images.h"
#include "reference/retrain_sets.h"
#include "reference/train_plan.h"

struct unfinished;

/* What the networks make of the queries, in order of (set, seed, query). */
struct outcomes {
    int64_t n_set, n_seed, n_query;
    double *loss;      /* owned; −log probability of the query's label */
    double *margin;    /* owned; logit of the label − logsumexp of the other logits */
    uint8_t *correct;  /* owned; 1: the label has the largest logit */
    int64_t n_trained; /* networks that were trained in this call: the others were there already */
};

/* One network per set and seed, each trained whole by one rank: as the network of `config` was, with its weights and
 * order (seed s: those of config->seed + s), but that the rows which the set leaves out add nothing to any step.  What
 * comes out does not depend on ranks.  Every rank gets all outcomes.  What an interrupted call had finished is not done
 * again, on however many ranks.
 * @collective comm   @fails NOT_CONVERGED, CANNOT_WRITE */
struct retraining {
    const struct train_config *config; /* all borrowed */
    const struct train_plan *plan;
    const struct images *images;
    const struct admissions *admissions;
    const struct query_images *queries;
    const struct retrain_sets *sets;
    const struct unfinished *unfinished; /* where finished networks are kept, in case of an interruption */
    double keep_every;                   /* seconds between two times that they are */
    bool talks;                          /* shows progress */
};
enum status retrain(MPI_Comm comm, const struct retraining *retraining, struct outcomes *outcomes);
void outcomes_clear(struct outcomes *outcomes);

/* truth/sets.jsonl, and for every kind of set that there is truth/KIND.safetensors (loss, margin f64 and correct u8,
 * [n, n_seed, n_query]) and, but for the baseline, truth/KIND.npy (u8 [n, n_train], 1: trained on).  @local */
void outcomes_hand_over(struct hand_over *hand_over, const struct retrain_sets *sets, const struct outcomes *outcomes);

#endif
