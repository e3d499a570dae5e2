/* Trains the reference network and hands over what a real training run would. */
#ifndef ASSAY_REFERENCE_TRAIN_H
#define ASSAY_REFERENCE_TRAIN_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "reference/autoencoder.h"
#include "reference/ground_truth.h"
#include "reference/train_config.h"

struct train_summary {
    bool unchanged; /* a complete hand-over of this config and these data was there: nothing was done */
    int64_t n_train, n_step, n_checkpoint;
    int64_t n_file, bytes;                     /* handed over, train.json not counted */
    int64_t n_modulated, n_rejected;           /* by the gate: of n_train; not of n_train */
    double validation_loss;                    /* mean over the split, after the last step */
    double validation_accuracy, test_accuracy; /* in [0, 1] */
    struct autoencoder_quality autoencoder;    /* on the training split */
    int64_t n_probe, n_pair;
    struct retrain_time retrained; /* in this call */
};

/* Writes below config->directory (both it and the data relative to base_directory), and last of all the manifest
 * train.json:
 *   samples.jsonl queries.jsonl checkpoints.jsonl
 *   order.npy            i64 [n_step, batch] rows of the training split as each step used them, -1 after a short batch
 *   learning-rates.npy   f64 [n_step]
 *   checkpoints/step-NNNNNN.safetensors
 *   captures/step-NNNNNN/train-NNNNN.safetensors, queries.safetensors
 *   sae/…, policy/…      see policy_files.h
 *   truth/…              see ground_truth.h
 *   lineage/rank-00000.sqlite                  what the training did with its samples, see record.h
 * Every byte depends on the config and the data alone, not on ranks, compiler or CPU.  Every rank trains the same
 * replica; the files are shared out.  A directory that holds files of these names which this function did not write is
 * refused.
 * @collective comm   @fails BAD_CONFIG, BAD_INPUT (data), NOT_CONVERGED (the loss left the finite numbers),
 * CANNOT_WRITE */
enum status train_run(MPI_Comm comm, const struct train_config *config, const char *base_directory, bool quiet,
                      struct train_summary *summary);

#endif
