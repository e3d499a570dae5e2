/* The config section "mechanism". */
#ifndef ASSAY_MECHANISM_MECHANISM_CONFIG_H
#define ASSAY_MECHANISM_MECHANISM_CONFIG_H

#include "config/config.h"

enum level { LEVEL_NETWORK, LEVEL_POLICY }; /* measured on the network, or computed from the symbolic policy */
enum outcome_kind { OUTCOME_PROBABILITY, OUTCOME_VALUE };

/* What is done to a part: its activation set to zero, to its mean over the probes, or to what it is on another probe.
 */
enum intervention { INTERVENTION_ZERO, INTERVENTION_MEAN, INTERVENTION_PATCH, N_INTERVENTION };
extern const char *const intervention_names[N_INTERVENTION + 1]; /* NULL-terminated */

struct mechanism_config {
    int level;    /* enum level */
    char *probes; /* JSON Lines: id, category, expected; at the level of the policy these come from policy.h5, as do: */
    struct strings behaviours;      /* names */
    int behaviour_kind;             /* enum outcome_kind */
    char *behaviour_values;         /* tensor n_probe × n_behaviour: intact */
    char *parts;                    /* JSON Lines: id, kind, layer, members, label */
    struct strings kinds;           /* of parts to take; none: all */
    char *after[N_INTERVENTION];    /* tensors n_part × n_probe × n_behaviour; NULL: not measured */
    char *controls[N_INTERVENTION]; /* tensors n_part × n_control × n_probe × n_behaviour; NULL: none */
    int main;                       /* enum intervention: ranks the parts; pairs and recomposition are of it */
    int64_t n_control;              /* random parts drawn for each part at the level of the policy */
    double threshold;               /* deviations of the controls that a localised part is away from their mean */
    char *source;                   /* tensor n_probe × n_behaviour: intact, on the probe that patches each probe */
    struct {
        char *file, *after; /* JSON Lines: first, second; tensor n_pair × n_probe × n_behaviour */
    } pairs;
    struct {
        char *k, *top, *random; /* tensors n_k; n_k × n_probe × n_behaviour; n_k × n_random × n_probe × n_behaviour */
        double enough;          /* R² */
        double unexplained;     /* deviations of the behaviour */
    } recomposition;
    struct {
        char *activations, *inputs; /* tensors n_probe × any width */
        struct numbers lambda;      /* candidates of the ridge */
        int64_t neighbours;
    } baselines;
    int64_t folds;       /* probe i is in fold i mod folds */
    int64_t resamples;   /* of the bootstrap over probes */
    double confidence;   /* of its interval */
    int64_t seed;        /* of the bootstrap, and of random parts at the level of the policy */
    int64_t block_parts; /* parts read at a time */
    struct {
        char *queries, *key;   /* JSON Lines, and the key whose value says which behaviour a query shows */
        struct strings values; /* that value, per behaviour */
        char *column;          /* group of influence.h5 that names the policy, where lineage.h5 does not */
        int64_t top;           /* pairs and examples kept */
    } links;
    int64_t memory; /* bytes per rank */
};

extern const struct section mechanism_section;

#endif
