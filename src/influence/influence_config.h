/* The "influence" section of a config. */
#ifndef ASSAY_INFLUENCE_INFLUENCE_CONFIG_H
#define ASSAY_INFLUENCE_INFLUENCE_CONFIG_H

#include "config/config.h"

enum capture_kind {
    CAPTURE_FACTORS,    /* input activation and output gradient of every Linear layer */
    CAPTURE_LAST_LAYER, /* input activation, logits and labels of the layer before a softmax cross-entropy */
    CAPTURE_ROWS        /* gradient rows, projected or not */
};

/* How a sequence axis is summed over. */
enum positions_form {
    POSITIONS_AUTO,  /* whichever takes fewer operations, by shapes alone */
    POSITIONS_PAIRS, /* every pair of positions of example and query */
    POSITIONS_ROWS   /* one gradient row per example, made while reading */
};

/* Which products of digits make a product of numbers. */
enum digit_products {
    PRODUCTS_ALL,    /* exact on the digits */
    PRODUCTS_LEADING /* without those that weigh less than rounding to digits already lost */
};

/* Tensor names of one side; {checkpoint} and {layer} stand for the names of both.  NULL where the kind has no use. */
struct capture_names {
    char *input;    /* factors, last-layer: n × d_in */
    char *gradient; /* factors: n × d_out, gradient of the loss with respect to the layer's output; rows: n × p */
    char *logits;   /* last-layer: n × classes */
    char *labels;   /* last-layer: n integers in [0, classes) */
};

struct influence_config {
    int method;            /* index into influence_methods */
    char *checkpoint;      /* for methods of one checkpoint; NULL: the last selected */
    char *queries;         /* JSON Lines file */
    struct strings layers; /* parameter groups, in order */
    int capture_kind;      /* enum capture_kind */
    bool bias;             /* the layers have a bias: each input is extended by a 1 */
    int positions;         /* enum positions_form */
    struct capture_names train, query;
    int products;       /* enum digit_products */
    int64_t n_digit;    /* 7-bit digits per number, 1 to 4 */
    int64_t block_rows; /* examples per block: the unit of work, of resuming and of the fixed-point grid */
    int64_t top;        /* kept entries per query and sign */
    bool keep_scores;   /* write the dense n_train × n_query scores */
    int64_t memory;     /* bytes per rank */
    char *backend;      /* integer GEMM: auto, onednn, blas */
};

extern const struct section influence_section;

#endif
