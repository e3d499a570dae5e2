/* What is done to a row of activations before the product. */
#ifndef ASSAY_POLICY_SAE_PREPARE_H
#define ASSAY_POLICY_SAE_PREPARE_H

#include "policy/sae.h"

/* x (d_in) is normalised and centred in place; sums run left to right.  NULL, or what is wrong with the row.  @local */
const char *sae_prepare(const struct sae *sae, double *x);

#endif
