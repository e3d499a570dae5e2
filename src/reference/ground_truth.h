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

struct retrain_time {
    int64_t n_network; /* trained in this call */
    double seconds;
};
struct truth_options {
    const char *head; /* of the manifest: all that decides the files */
    bool talks;       /* shows progress */
};

/* Retrains, and hands over truth/…: planted.jsonl if anything was planted; what retrain.h says if it was asked for, and
 * beside the hand-over timing.json, which is not the same twice.  *time is left alone if nothing was retrained.  The
 * verdict goes to hand_over->status; a failure is that of all ranks.
 * @collective comm */
void ground_truth_hand_over(MPI_Comm comm, struct hand_over *hand_over, const struct training *training,
                            const struct ground_truth *truth, const struct truth_options *options,
                            struct retrain_time *time);

#endif
