/* The unexplained remainder: what the explanation leaves open, and where it failed, in sentences. */
#ifndef ASSAY_MECHANISM_REMAINDER_H
#define ASSAY_MECHANISM_REMAINDER_H

#include "mechanism/baselines.h"
#include "mechanism/effects.h"
#include "mechanism/interference.h"
#include "mechanism/recomposition.h"

enum failure_kind {
    FAILURE_NO_CONTROLS,   /* no random parts: nothing can be called localised */
    FAILURE_NOT_LOCALISED, /* parts without an effect beyond controls */
    FAILURE_NOT_REBUILT,   /* no number of parts rebuilds the behaviour */
    FAILURE_UNEXPLAINED,   /* probes that are rebuilt badly */
    FAILURE_INTERFERENCE,  /* pairs of parts whose joint effect is not the sum */
    FAILURE_NO_GAIN,       /* the explanation predicts no better than the black box */
    FAILURE_BELOW_RAW,     /* the features predict worse than raw activations: something is left in these */
    N_FAILURE_KIND
};
extern const char *const failure_names[N_FAILURE_KIND];

struct failure {
    int kind;           /* enum failure_kind */
    int64_t behaviour;  /* −1: all */
    double size, limit; /* what was found, and what it was held against */
    char *text;         /* owned; a sentence */
};

struct remainder {
    struct failure *items; /* owned */
    int64_t n;
};

/* All that was measured; borrowed. */
struct measured {
    const struct scene *scene;
    const struct effects *effects; /* N_INTERVENTION */
    const struct interference *interference;
    const struct recomposition *recomposition;
    const struct baselines *baselines;
};

/* By behaviour, then by kind.  @local */
void remainder_find(const struct measured *measured, struct remainder *remainder);
void remainder_clear(struct remainder *remainder);

#endif
