/* The encoder of a sparse autoencoder, as SAELens and sparsify publish it. */
#ifndef ASSAY_POLICY_SAE_H
#define ASSAY_POLICY_SAE_H

#include "base/segment.h"
#include "exact/digits.h"
#include "policy/sae_config.h"

/* The pre-activation of feature j is p_j = x · w_j + bias_j; it is active where p_j > threshold_j, and its value there
 * is p_j · gain_j, in a gated encoder (x · w_j) · gain_j + offset_j.  Only values above zero are features; of these,
 * the config.k largest where that is not 0. */
struct sae {
    struct sae_config config;
    int64_t d_in, d_sae;            /* activations, features */
    struct digits weights;          /* d_sae × d_in: w_j in row j, each with its own exponent */
    double *centre;                 /* owned; d_in: what is taken off the input; NULL: nothing */
    double *bias;                   /* owned; d_sae, as the next ones */
    double *threshold;              /* 0 but in jumprelu, and never below */
    double *gain;                   /* 1; norm of the decoder's row; exp(r_mag) when gated */
    double *offset;                 /* NULL unless gated */
    char *directory, *weights_file; /* owned; as the config names them */
    char *description;              /* owned; "top-k encoder of sae/, 32 of 128 features" */
    struct segment_list files;      /* all bytes of the encoder's files, digests zero */
    int n_user;
};

/* Opens the folder `name` as seen from `directory`: cfg.json and sae_weights.safetensors (SAELens), or cfg.json and
 * sae.safetensors (sparsify).  Weights are f16, bf16 or f32, and are rounded to n_digit digits of 7 bits.  `segments`
 * (may be NULL; untouched on failure) gets the digests of all bytes of both files, those that were used as they were
 * read.  Every tensor is checked for its shape, and for being finite (the decoder only where it is used or hashed).
 * The caller closes *sae.  @local   @fails BAD_INPUT */
enum status sae_open(const char *directory, const char *name, int n_digit, struct segment_list *segments,
                     struct sae **sae);
/* One more user of it, who closes it too. */
struct sae *sae_share(struct sae *sae);
void sae_close(struct sae *sae); /* NULL is fine */

/* Memory that it holds.  @local */
int64_t sae_bytes(const struct sae *sae);

#endif
