/* The streams of random numbers (exact/rng.h) that the reference trainer draws from: one per purpose, so that a change
 * of one (another batch order) leaves the others (the split) as they were. */
#ifndef ASSAY_REFERENCE_RNG_H
#define ASSAY_REFERENCE_RNG_H

#include "exact/rng.h"

enum rng_stream {
    STREAM_SPLIT = 1,
    STREAM_WEIGHTS,
    STREAM_ORDER,
    STREAM_GOVERNANCE,
    STREAM_FEATURES,      /* of the autoencoder: what they start from */
    STREAM_FEATURE_ORDER, /* its samples, per epoch */
    STREAM_REVIVAL,       /* what a dead feature starts again from, per epoch */
    STREAM_SCENARIO,      /* which samples a truth is planted in, and the wrong labels */
    STREAM_SUBSET,        /* what is trained on again, per subset */
    STREAM_DIRECTION,     /* of a random part's change, per part and control */
    STREAM_PARTS          /* which random parts are kept, per draw */
};

#endif
