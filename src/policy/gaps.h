/* Gaps: categories of probes in which a behaviour is expected, and the policy has nothing active that carries it. */
#ifndef ASSAY_POLICY_GAPS_H
#define ASSAY_POLICY_GAPS_H

#include "policy/features.h"
#include "policy/solution.h"
#include "records/probes.h"

/* In order of severity, but for the first. */
enum gap_kind {
    GAP_NONE,       /* carried: the active features raise the behaviour */
    GAP_NO_FEATURE, /* no feature is active */
    GAP_ABOUT_ZERO, /* the coefficients of all active features are about zero */
    GAP_WRONG_SIGN, /* the active features lower it */
    N_GAP_KINDS
};
extern const char *const gap_names[N_GAP_KINDS];

/* One category and behaviour that some of its probes are expected to show; means are over those probes. */
struct gap {
    int32_t category, behaviour;
    enum gap_kind kind;
    int64_t n_probe, n_expecting; /* of the category */
    int64_t n_active;             /* features that are not zero on at least the configured part of them */
    double behaviour_mean;        /* as measured */
    double contribution;          /* Σ w · mean, of the active features */
    double lift;                  /* Σ w · (mean − mean over all probes), of the active features */
    double strongest;             /* largest |w| · deviation of an active feature, by that of any feature; 0 if none */
};

struct gaps {
    struct gap *items; /* owned; by category, then behaviour */
    int64_t n, n_evidence;
    /* Owned; n × n_evidence: the active features with the largest |w · (mean − mean over all probes)|, ties to the
     * lower feature; −1 and NaN where there are fewer. */
    int64_t *feature;
    double *coefficient, *mean, *share; /* share: part of the probes on which the feature is not zero */
};

/* Pairs of category and behaviour that gaps_find will examine: for layouts.  @local */
int64_t gaps_count(const struct probes *probes);
/* Evidence kept per pair.  @local */
int64_t gaps_evidence(const struct policy_config *config, int64_t n_feature);

/* @collective comm   @fails STOPPED */
enum status gaps_find(MPI_Comm comm, const struct policy_config *config, const struct probes *probes,
                      const struct features *features, const double *behaviour, const struct solution *solution,
                      struct gaps *gaps);
void gaps_clear(struct gaps *gaps);

#endif
