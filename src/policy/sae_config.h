/* What cfg.json of a published sparse autoencoder says of its encoder. */
#ifndef ASSAY_POLICY_SAE_CONFIG_H
#define ASSAY_POLICY_SAE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum sae_layout { SAE_SAELENS, SAE_SPARSIFY };

enum sae_architecture { SAE_STANDARD, SAE_JUMPRELU, SAE_TOPK, SAE_GATED };

/* What is done to a row of activations first. */
enum sae_normalisation {
    SAE_NORM_NONE,
    SAE_NORM_EXPECTED_AVERAGE, /* a factor that the publisher has folded into the weights: nothing is left to do */
    SAE_NORM_CONSTANT,         /* x · √d / ‖x‖ */
    SAE_NORM_LAYER             /* (x − mean) / (standard deviation + 1e-5), the latter with d − 1 */
};

struct sae_config {
    enum sae_layout layout;
    enum sae_architecture architecture;
    enum sae_normalisation normalisation;
    bool is_centred;  /* b_dec is taken off the input */
    bool is_rescaled; /* pre-activations are multiplied by the norms of the decoder's rows (top-k only) */
    int64_t k;        /* features kept per row, 0: all */
};

/* Parses the n bytes of cfg.json, called `name` in sentences.  Sizes are not taken from it: tensors have them.
 * SAELens: keys of version 6 (architecture, k) and of the versions before (activation_fn or activation_fn_str with
 * activation_fn_kwargs.k, normalize_activations as a boolean).  sparsify: top-k, also as a transcoder, whose input is
 * not centred.
 * @local   @fails BAD_INPUT for what is malformed, or would give other features than these
 * @source  SAELens 6 (sae_lens/saes, handle_pre_6_0_config), sparsify (SparseCoderConfig, SparseCoder.encode) */
enum status sae_config_parse(const char *bytes, size_t n, const char *name, enum sae_layout layout,
                             struct sae_config *config);

const char *sae_architecture_name(enum sae_architecture architecture); /* "top-k" */

#endif
