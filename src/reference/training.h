/* One replica of the training: the network, the order of its samples, and SGD. */
#ifndef ASSAY_REFERENCE_TRAINING_H
#define ASSAY_REFERENCE_TRAINING_H

#include <stdint.h>

#include "comm/progress.h"
#include "reference/account.h"
#include "reference/admissions.h"
#include "reference/images.h"
#include "reference/network.h"
#include "reference/samples.h"
#include "reference/train_plan.h"

struct training {
    const struct train_config *config; /* borrowed, as are plan and images */
    const struct train_plan *plan;
    const struct images *images;
    const struct admissions *admissions; /* borrowed */
    struct splits splits;
    struct network network;   /* after `step` steps */
    struct network sum;       /* gradients of the batch under way */
    struct momentum momentum; /* its velocity is empty without momentum */
    struct pass pass;
    float *weights;          /* owned; n_train × n_layer: of each row of the training split in each layer */
    struct account *account; /* borrowed; told of every step.  NULL: nobody asks */
    int64_t *order;          /* owned; n_step × batch rows of the training split, −1 where a batch is short */
    double *rates;           /* owned; n_step */
    const uint8_t *kept;     /* borrowed; n_train, 0: the row is left out of every batch.  NULL: all are used */
    int64_t step;
    struct progress progress; /* in steps; the caller begins and ends it */
};

/* Splits, weights, order and learning rates: all are known before the first step.  @local */
void training_init(struct training *training, const struct train_config *config, const struct train_plan *plan,
                   const struct images *images, const struct admissions *admissions);
void training_clear(struct training *training);

/* Back to before the first step, with the weights and the order of `seed` (the splits stay), and without the rows that
 * `kept` says 0 of.  @local */
void training_restart(struct training *training, int64_t seed, const uint8_t *kept);

/* One step: network −= rate / (examples in the batch) · Σ weight · gradient, in the batch's order; with momentum,
 * velocity = momentum · velocity + Σ weight · gradient / (examples in the batch), network −= rate · velocity.  A row
 * that is left out adds nothing, and counts as one of the batch: all others act as they would beside it.
 * @local   @fails NOT_CONVERGED when a loss is not finite */
enum status training_step(struct training *training);

struct evaluation {
    double loss;     /* mean */
    double accuracy; /* in [0, 1] */
};
struct evaluation training_evaluate(struct training *training, enum split split);

#endif
