/* The tensors of a sparse autoencoder.  For sae.c only. */
#ifndef ASSAY_POLICY_SAE_WEIGHTS_H
#define ASSAY_POLICY_SAE_WEIGHTS_H

#include "policy/sae.h"

/* Fills sizes, weights and vectors of `sae`, whose config and weights_file are set, and sae->files with the segments of
 * that file; with their digests also `segments`, unless NULL.  What it allocated before a failure is the caller's to
 * free.  @local   @fails BAD_INPUT */
enum status sae_weights_read(const char *directory, int n_digit, struct segment_list *segments, struct sae *sae);

#endif
