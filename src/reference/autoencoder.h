/* A top-k sparse autoencoder in float32 whose every bit is decided by this code: a row of activations → its few active
 * features, and back. */
#ifndef ASSAY_REFERENCE_AUTOENCODER_H
#define ASSAY_REFERENCE_AUTOENCODER_H

#include <stdint.h>

/* Pre-activations are (x − centre) · encoder + bias.  The n_active largest of them, as far as they are above zero, are
 * the features; among equals the first come first.  Decoded: centre + features · decoder.
 * @source Gao et al., Scaling and evaluating sparse autoencoders, 2024 */
struct autoencoder {
    int64_t n_in, n_feature, n_active;
    float *encoder; /* owned; n_in × n_feature */
    float *bias;    /* owned; n_feature */
    float *decoder; /* owned; n_feature × n_in, rows of norm 1 */
    float *centre;  /* owned; n_in */
};

/* All weights are zero. */
void autoencoder_init(struct autoencoder *autoencoder, int64_t n_in, int64_t n_feature, int64_t n_active);
void autoencoder_clear(struct autoencoder *autoencoder);

/* What one row excites, and the room that it takes to find out. */
struct excitation {
    int64_t n;         /* active features, at most n_active */
    int64_t *features; /* owned; the strongest first */
    float *values;     /* owned; above zero */
    float *input;      /* owned; n_in: the row less the centre */
    float *all;        /* owned; n_feature: every pre-activation */
};

void excitation_init(struct excitation *excitation, const struct autoencoder *autoencoder);
void excitation_clear(struct excitation *excitation);

/* x: n_in values. */
void autoencoder_encode(const struct autoencoder *autoencoder, const float *x, struct excitation *excitation);
void autoencoder_decode(const struct autoencoder *autoencoder, const struct excitation *excitation, float *x);

/* Rows of activations. */
struct activations {
    int64_t n, width;
    const float *rows; /* borrowed; n × width */
};

struct autoencoder_quality {
    double explained; /* 1 − Σ‖x − decoded x‖² / Σ‖x − mean‖², 1 where nothing varies */
    int64_t n_dead;   /* features that no row excites */
};
struct autoencoder_quality autoencoder_judge(const struct autoencoder *autoencoder,
                                             const struct activations *activations);

/* Σ of the rows / n, rounded to float: left to right in double.  mean: width values. */
void activations_mean(const struct activations *activations, float *mean);
/* Σ‖x − mean‖². */
double activations_spread(const struct activations *activations, const float *mean);

#endif
