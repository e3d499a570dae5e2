/* The autoencoder as SAELens 6 publishes one: cfg.json and sae_weights.safetensors. */
#ifndef ASSAY_REFERENCE_AUTOENCODER_FILES_H
#define ASSAY_REFERENCE_AUTOENCODER_FILES_H

#include "base/text.h"
#include "reference/autoencoder.h"
#include "reference/hand_over.h"

/* cfg.json; `hook` says where the activations come from, "step-000900 fc3.input".  @local */
void autoencoder_config_list(const struct autoencoder *autoencoder, const char *hook, struct text *text);

/* PATH: W_enc [d_in, d_sae], b_enc [d_sae], W_dec [d_sae, d_in], b_dec [d_in], f32.  @local */
void autoencoder_store(struct hand_over *hand_over, const char *path, const struct autoencoder *autoencoder);

#endif
