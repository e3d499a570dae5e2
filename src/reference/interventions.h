/* The final network taken apart: what it does on the probes when a feature of the autoencoder, a hidden unit or a whole
 * hidden layer is ablated or patched, or only some features are kept. */
#ifndef ASSAY_REFERENCE_INTERVENTIONS_H
#define ASSAY_REFERENCE_INTERVENTIONS_H

#include "reference/autoencoder.h"
#include "reference/probing.h"

enum component_kind { COMPONENT_FEATURE, COMPONENT_UNIT, COMPONENT_LAYER };

struct component {
    int kind;
    int64_t layer;  /* whose input it is a part of: 1 is what the second Linear layer is given */
    int64_t member; /* feature or unit; −1: all of the layer */
};

/* What its activation becomes: zero, its mean over the probes, or what it is on another probe. */
enum change { CHANGE_ZERO, CHANGE_MEAN, CHANGE_PATCH, N_CHANGE };

struct dissection {
    const struct probing *probing; /* borrowed, as the next one */
    const struct autoencoder *autoencoder;
    int64_t seed, n_component;
    struct component *components;  /* owned: features, then layer by layer its units and the layer */
    float **hidden, **mean;        /* owned; per layer n_probe × n_in, and n_in: inputs of it on the probes */
    float *feature, *feature_mean; /* owned; n_probe × n_feature, n_feature */
    int64_t *source;               /* owned; n_probe: the probe that patches each one, half of all further on */
};

/* @local */
void dissection_init(struct dissection *dissection, const struct probing *probing,
                     const struct autoencoder *autoencoder, int64_t seed);
void dissection_clear(struct dissection *dissection);

/* probability[n_probe × n_behaviour] after the change of a component: an activation's change, times its direction, is
 * taken from what the layer is given.  With control r >= 0 instead a change of the same size in a random direction: the
 * same number times a vector of norm 1 whose elements are ± 1 / √n.  @local */
void dissection_change(const struct dissection *dissection, int64_t component, enum change change, int64_t control,
                       double *probability);

/* After two components of one layer were set to zero.  @local */
void dissection_change_both(const struct dissection *dissection, int64_t first, int64_t second, double *probability);

/* With what the autoencoder makes of the first k features of `order`, all others being at their means, in place of what
 * the last layer is given.  @local */
void dissection_rebuild(const struct dissection *dissection, const int64_t *order, int64_t k, double *probability);

#endif
