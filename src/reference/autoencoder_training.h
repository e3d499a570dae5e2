/* Training of the autoencoder: the same features on every rank, every machine and in every run. */
#ifndef ASSAY_REFERENCE_AUTOENCODER_TRAINING_H
#define ASSAY_REFERENCE_AUTOENCODER_TRAINING_H

#include "base/status.h"
#include "reference/autoencoder.h"
#include "reference/train_config.h"

/* Trains on all rows, a fresh order each epoch: squared error, Adam with a learning rate that falls in a line to zero,
 * decoder rows kept at norm 1.  Features start from rows drawn at random; one that no row excites for an epoch starts
 * again from what is left unexplained of a row, drawn in proportion to its error, until a quarter of the epochs is
 * left.  There are at most as many features as rows.  On success the caller clears *autoencoder.
 * @local   @fails NOT_CONVERGED */
enum status autoencoder_train(const struct sae_config *config, int64_t seed, const struct activations *activations,
                              struct autoencoder *autoencoder);

#endif
