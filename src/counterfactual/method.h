/* Methods that foretell what removing an example does to a query, and controls that no method should lose to. */
#ifndef ASSAY_COUNTERFACTUAL_METHOD_H
#define ASSAY_COUNTERFACTUAL_METHOD_H

#include "counterfactual/ridge.h"

/* What the scores of one block are made from. */
struct method_ground {
    struct inquiry *inquiry;
    struct slab *slab;         /* the block, read with whatever there is */
    const struct ridge *ridge; /* NULL: none, as the next one */
    const struct scores *scores;
    double *query_inputs, *query_norm; /* owned; of the controls; NULL: not configured */
    double *query_labels;              /* owned */
    int64_t n_input;
    double *inputs, *labels; /* owned; of a block */
    double *u, *h, *e;       /* owned; of a block */
    bool list;               /* segments that are read are listed */
};

struct method {
    char *name; /* owned */
    bool is_control;
    int64_t tensor; /* of the inquiry, for scores that come in one */
    /* Scores of the n rows of block b: n × n_query, positive = proponent.  @local   @fails BAD_INPUT */
    enum status (*score)(struct method_ground *ground, const struct method *method, int64_t b, double *scores);
};

struct methods {
    struct method *items; /* owned */
    int64_t n;
    struct method_ground ground;
};

/* Those there are: this run's scores, the ridge's leave-one-out, those the config names; then the controls: similarity
 * of raw inputs, the same within a class, and random numbers.  @collective comm   @fails BAD_INPUT */
enum status methods_open(MPI_Comm comm, struct slab *slab, const struct ridge *ridge, const struct scores *scores,
                         struct methods *methods);
void methods_clear(struct methods *methods);
/* Reads block b for all of them; `list`: lists the segments that nobody else reads.  @local   @fails BAD_INPUT */
enum status methods_read(struct methods *methods, int64_t b, bool list);

#endif
