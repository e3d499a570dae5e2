/* What a run says of its samples in one entry of its log: the root of the tree of samples, and how many there are of
 * each kind. */
#ifndef ASSAY_USAGE_SUMMARY_H
#define ASSAY_USAGE_SUMMARY_H

#include <stdint.h>

#include "merkle/merkle.h"

/* Within the run directory. */
#define USAGE_FILE "seal/samples.h5"

struct usage_summary {
    uint8_t salt[DIGEST_BYTES]; /* public: of the origin and the run's name */
    int64_t size;               /* leaves: samples with a content digest */
    struct hash root;
    int64_t samples;    /* all that the run knows of */
    int64_t unlisted;   /* of these, those without a content digest: they have no leaf */
    int64_t trained;    /* of all, those used in training at least once */
    int64_t never_used; /* the others */
    int64_t rejected;   /* of all, those that admission rejected last, or whose role is "rejected" */
    int64_t scored;     /* of all, those with a row of influence.h5; 0 where the run has none */
    int64_t uses;       /* of all samples, in steps that no later ones superseded */
    int64_t steps;      /* such steps */
    int64_t epochs;     /* that were told apart */
};

#endif
