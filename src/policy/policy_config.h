/* The config section "policy". */
#ifndef ASSAY_POLICY_POLICY_CONFIG_H
#define ASSAY_POLICY_POLICY_CONFIG_H

#include "config/config.h"

enum policy_form { FORM_AUTO, FORM_PRIMAL, FORM_DUAL };
enum policy_choice { CHOOSE_GCV, CHOOSE_LOO, CHOOSE_FIRST };
enum behaviour_kind { BEHAVIOUR_PROBABILITY, BEHAVIOUR_VALUE };
enum pair_state { STATE_AFTER, STATE_CHANGE }; /* pairs give features after the update, or their change */

/* Names of tensors of features; see policy/source.h. */
struct feature_names {
    char *values, *indices, *starts, *activations; /* NULL where not given */
};

struct policy_config {
    char *probes; /* JSON Lines: id, category, expected */
    struct feature_names features;
    char *sae;                 /* directory of the encoder; also encodes the pairs' activations */
    int64_t width;             /* number of features of sparse rows */
    char *labels;              /* JSON Lines: index, label; NULL: none */
    struct strings behaviours; /* names */
    int behaviour_kind;        /* enum behaviour_kind */
    char *behaviour_values;    /* tensor n_probe × n_behaviour */
    struct numbers lambda;     /* candidates, > 0 */
    int choice;                /* enum policy_choice */
    int form;                  /* enum policy_form */
    int64_t folds;             /* of cross-validation: probe i is in fold i mod folds; 0: none */
    bool leverages;            /* leverages, leave-one-out and GCV */
    struct {
        char *file;              /* JSON Lines: id, intended, group columns; NULL: no pairs */
        struct strings group_by; /* keys of it */
        int state;               /* enum pair_state: of features and behaviour alike */
        struct feature_names features;
        char *behaviour; /* tensor n_pair × n_probe × n_behaviour */
    } pairs;
    double gap_about_zero; /* a coefficient below this part of the strongest is about zero */
    double gap_active;     /* a feature active on at least this part of a category's probes is active there */
    int64_t keep_features; /* features kept per pair, and evidence per gap */
    int64_t keep_pairs;    /* pairs kept per feature */
    int64_t keep_watched;  /* strongest features of the policy by which groups of pairs are compared */
    int64_t n_digit;       /* 7-bit digits of features, 1 to 4 */
    int64_t block_rows;    /* probes read at a time */
    int64_t memory;        /* bytes per rank */
    char *backend;         /* integer GEMM of the encoder */
};

extern const struct section policy_section;

#endif
