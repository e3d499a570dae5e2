/* What the features of the autoencoder stand for, seen from the digits that excite them. */
#ifndef ASSAY_REFERENCE_FEATURE_NOTES_H
#define ASSAY_REFERENCE_FEATURE_NOTES_H

#include <stdbool.h>

#include "base/text.h"
#include "reference/autoencoder.h"
#include "reference/images.h"

/* How often and how strongly samples of each digit excite each feature. */
struct feature_notes {
    int64_t n_feature;
    int64_t n_sample[N_CLASS];
    int64_t *n_fired; /* owned; n_feature × N_CLASS */
    double *sum;      /* owned; n_feature × N_CLASS: of the features' values */
};

/* Of n samples, whose activations are the rows.  @local */
void feature_notes_init(struct feature_notes *notes, const struct autoencoder *autoencoder,
                        const struct activations *activations, const struct images *images, const int64_t *samples);
void feature_notes_clear(struct feature_notes *notes);

/* The (at most n) features that stand for a digit: with the largest difference, above zero, between the mean on its
 * samples and the mean on all others; the largest first, among equals the first.  Returns how many there are in
 * chosen[n]; none when there is no sample of the digit.  @local */
int64_t features_of_digit(const struct feature_notes *notes, int digit, int64_t n, int64_t *chosen);

/* "mostly 3", "often 3" or "dead", as features_list says it.  @local */
void feature_label(const struct feature_notes *notes, int64_t feature, struct text *text);

/* features.jsonl: index; label: "mostly 3" where more than half of the samples that excite the feature show that digit,
 * "often 3" where it is only the most frequent one (the first among equals), "dead" where there is no such sample;
 * active: the part of all samples; share: the part of these that shows the digit.  @local */
void features_list(const struct feature_notes *notes, struct text *text);

#endif
