/* What is known of a training beside what an analysis is given: planted truths, and networks trained without samples.
 */
#ifndef ASSAY_REFERENCE_GROUND_TRUTH_H
#define ASSAY_REFERENCE_GROUND_TRUTH_H

#include <mpi.h>

#include "base/status.h"
#include "reference/hand_over.h"
#include "reference/planted.h"
#include "reference/query_images.h"
#include "reference/retrain_sets.h"
#include "reference/training.h"

struct ground_truth {
    struct planted planted;
    struct query_images queries;
    struct retrain_sets sets; /* none if no retraining is asked for */
};

/* Plants what the config says in *images, and makes queries and sets: the same on every rank.
 * @local   @fails BAD_CONFIG as its parts */
enum status ground_truth_init(struct ground_truth *truth, const struct train_config *config,
                              const struct train_plan *plan, struct images *images);
void ground_truth_clear(struct ground_truth *truth);

/* Retrains, and hands over truth/…: planted.jsonl if anything was planted; what retrain.h says if it was asked for, and
 * beside the hand-over timing.json, which is not the same twice.  *n_network and *seconds are those of the retraining
 * (0: none).  The verdict goes to hand_over->status; a failure is that of all ranks.
 * @collective comm */
void ground_truth_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct training *training,
                            const struct ground_truth *truth, bool talks, int64_t *n_network, double *seconds);

#endif
