/* Every number of a training that follows from its config and the size of the data. */
#ifndef ASSAY_REFERENCE_TRAIN_PLAN_H
#define ASSAY_REFERENCE_TRAIN_PLAN_H

#include <stdint.h>

#include "base/status.h"
#include "reference/train_config.h"

struct train_plan {
    int64_t n_sample, n_train, n_validation, n_test, n_query;
    int64_t n_rejected;      /* samples of the training split that are not trained on, nor counted in n_train */
    const uint8_t *rejected; /* borrowed; n_sample, 1: must not train.  NULL: all may */
    int64_t steps_per_epoch, n_step;
    int64_t n_checkpoint; /* step 0, every checkpoint_every epochs, and the last step */
    int64_t n_shard;      /* files of captures of training samples per checkpoint */
    int64_t n_hidden;     /* width of what the last Linear layer is given */
    int64_t n_probe, n_pair, n_behaviour;
    int64_t n_part;     /* features, hidden units and hidden layers; 0: nothing is intervened on */
    int64_t pair_bytes; /* of what the network does on all probes after one pair */
};

/* Checks the config against the size of the data, too.  rejected: n_sample flags, 1: must not train; kept by the plan.
 * NULL: all may.  @local   @fails BAD_CONFIG */
enum status train_plan_make(const struct train_config *config, int64_t n_sample, const uint8_t *rejected,
                            struct train_plan *plan);

/* Epochs done at checkpoint k, 0 <= k < n_checkpoint.  @local */
int64_t train_plan_epoch(const struct train_config *config, const struct train_plan *plan, int64_t k);

/* The learning rate of step `step` (0 is the first), 0 <= step <= n_step.  At n_step no update follows: it is where the
 * schedule has got to.  The same bits on every machine.  @local */
double learning_rate_at(const struct rate_config *rate, const struct train_plan *plan, int64_t step);

#endif
