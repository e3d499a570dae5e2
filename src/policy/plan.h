/* The plan of a policy job: numbers only, made before anything starts. */
#ifndef ASSAY_POLICY_PLAN_H
#define ASSAY_POLICY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* What the plan is made from. */
struct policy_shape {
    int64_t n_probe, n_feature, n_behaviour, n_rank;
    int64_t n_lambda, n_fold, n_digit, block_rows;
    int form;               /* enum policy_form */
    bool leverages, pairs;  /* pairs: every rank needs all rows and the small matrix after the fit */
    bool sparse;            /* features come as sparse rows */
    double row_entries;     /* of a row: n_feature when dense, the mean of what is kept when sparse */
    bool entries_estimated; /* nobody has counted them yet */
    int64_t encoder_bytes;  /* of a sparse autoencoder, probes' and pairs' together */
    int64_t read_bytes;     /* that reading a block takes beside its rows */
    int64_t pair_bytes;     /* that measuring pairs takes beside the rows and the small matrix */
    double pair_operations; /* over all ranks */
    int64_t memory;         /* bytes per rank */
};

struct policy_plan {
    bool primal;       /* the system has 1 + n_feature unknowns; else n_probe */
    bool gathers;      /* every rank gets the rows of all probes */
    int64_t n_block;   /* of probes, dealt to the ranks in turn */
    int64_t n_unknown; /* side of the system */
    int grid_rows, grid_columns;
    int64_t system_block; /* block-cyclic */
    int64_t panel_width;  /* columns of the Gram matrix made at a time; never changes a result, as the next one */
    int64_t n_loaded;     /* systems held at a time: of all probes, and without each fold */
    int64_t part_rows;    /* probes of the busiest rank */
    /* Bytes per rank: */
    int64_t row_bytes;    /* the rank's rows as integers */
    int64_t read_bytes;   /* the same as read, while they are */
    int64_t all_bytes;    /* all probes' rows */
    int64_t small_bytes;  /* matrices of side n_unknown that every rank holds */
    int64_t system_bytes; /* its part of the systems */
    int64_t panel_bytes;  /* of the Gram matrix, and what making them takes */
    int64_t vector_bytes; /* coefficients, predictions and the like */
    int64_t peak_bytes;
    /* Over all ranks: */
    double input_entries;       /* numbers read */
    double gram_operations;     /* multiply-adds */
    double factor_operations;   /* distributed */
    double leverage_operations; /* distributed */
    double repeated_operations; /* what every rank does, once */
    double pair_operations;
    double output_bytes;
    /* Per rank: */
    double message_bytes;
};

/* Whether the system is one of features: as asked, or the smaller one.  @local */
bool policy_is_primal(const struct policy_shape *shape);

/* @local   @fails CANNOT_FIT with the sizes and what to change; the figures are there even then */
enum status policy_plan_make(const struct policy_shape *shape, struct policy_plan *plan);

#endif
