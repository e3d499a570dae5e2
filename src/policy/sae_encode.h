/* From activations to features, on exact products of digits. */
#ifndef ASSAY_POLICY_SAE_ENCODE_H
#define ASSAY_POLICY_SAE_ENCODE_H

#include "exact/gemm.h"
#include "exact/rows.h"
#include "policy/sae.h"

/* An encoder at work: buffers for tiles of rows and features. */
struct sae_encoder;

/* Both stay the caller's, and must live as long. */
struct sae_encoder *sae_encoder_create(const struct sae *sae, const struct gemm_backend *backend);
void sae_encoder_destroy(struct sae_encoder *encoder); /* NULL is fine */
/* The most that an encoder takes beside the autoencoder itself.  @local */
int64_t sae_encoder_bytes(const struct sae *sae, const struct gemm_backend *backend);

/* n rows of d_in activations (finite); `name` and `first`, the number of the first row, are for sentences. */
struct sae_input {
    const char *name;
    int64_t first, n;
    double *values; /* used up */
};

/* Appends a row of features for each to sparse `rows`.  Rows are normalised and centred in double in a fixed order,
 * rounded to as many digits as the weights have, multiplied exactly; scale, bias, threshold and gain follow in double,
 * one operation each: the same bits with every backend and any cut of rows.
 * @local   @fails BAD_INPUT for a row that cannot be normalised, or whose features exceed the range of doubles */
enum status sae_encode(struct sae_encoder *encoder, const struct sae_input *input, struct rows *rows);

#endif
