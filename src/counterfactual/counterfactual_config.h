/* The config section "counterfactual". */
#ifndef ASSAY_COUNTERFACTUAL_COUNTERFACTUAL_CONFIG_H
#define ASSAY_COUNTERFACTUAL_COUNTERFACTUAL_CONFIG_H

#include "config/config.h"

enum truth_output { OUTPUT_LOSS, OUTPUT_MARGIN };

/* Names of tensors may have {checkpoint} in them; NULL where not given. */
struct counterfactual_config {
    char *queries;          /* JSON Lines, as influence.queries */
    char *checkpoint;       /* what {checkpoint} stands for; NULL: the last of the checkpoints' file */
    char *scenarios;        /* JSON Lines: name, ids, groups */
    struct strings without; /* "COLUMN=VALUE", "id=ID" */
    bool groups;            /* a scenario for every value of every samples.group_by column */
    int64_t top;            /* for the so many strongest proponents of every query too */
    struct {
        char *features, *targets, *labels, *key; /* n_train rows; key: of the samples file */
        char *queries;                           /* features of the queries */
        double lambda;
        double threshold; /* of a single output */
        bool loo;         /* write the margin changes without each example, n_train × n_query */
    } ridge;
    struct {
        char *logits, *labels; /* of the queries, as the scores' losses have them */
        double scale;          /* change of a loss per score; 0: by the truth, or 1 */
    } network;
    int64_t bootstrap; /* replicates; 0: none */
    int64_t seed;
    int64_t flip_most, flip_candidates; /* examples removed per query; among which they are looked for */
    struct {
        int output;                                  /* enum truth_output */
        char *baseline;                              /* [1 ×] n_seed × n_query outputs with nothing removed */
        char *subsets, *subset_outputs;              /* masks n × n_train, 1 = kept; n × n_seed × n_query */
        char *leave_one_out, *leave_one_out_outputs; /* the same */
        char *groups, *group_outputs;                /* the same */
        struct strings names, scores;                /* further methods: n_train × n_query each */
        char *inputs, *labels;                       /* of the controls, n_train rows */
        char *query_inputs, *query_labels;           /* n_query rows */
    } truth;
    int64_t block_rows; /* training examples read at a time */
    int64_t memory;     /* bytes per rank */
};

extern const struct section counterfactual_section;

#endif
