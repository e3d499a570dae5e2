/* A slab: one block of training examples as it is read, with what samples file, features and scores say of each. */
#ifndef ASSAY_COUNTERFACTUAL_SLAB_H
#define ASSAY_COUNTERFACTUAL_SLAB_H

#include "counterfactual/inquiry.h"
#include "counterfactual/scores.h"
#include "records/sample_rows.h"

/* What is wanted of it. */
enum { SLAB_SAMPLES = 1, SLAB_RIDGE = 2, SLAB_SCORES = 4 };

/* What the ridge fits, per training example. */
struct targets {
    int64_t n;    /* outputs; 0: there is no ridge */
    char **names; /* owned, like its strings; n */
};

struct slab {
    struct inquiry *inquiry; /* borrowed, as the next two */
    const struct targets *targets;
    const struct scores *scores; /* NULL: none */
    struct sample_reader reader;
    struct sample_rows rows;
    int64_t first, n;
    int64_t size;      /* of z: features and the one before them */
    double *z;         /* owned, as the rest; n × size: 1, features */
    double *t;         /* n × targets->n */
    double *score;     /* n × n_query */
    double *raw;       /* what is read, before it has its place */
    int64_t raw_width; /* numbers per row */
};

/* The outputs: columns of ridge.targets, labels that occur, or values of ridge.key.
 * @collective comm   @fails BAD_INPUT */
enum status targets_find(MPI_Comm comm, struct inquiry *inquiry, struct targets *targets);
void targets_clear(struct targets *targets);

/* Room for one block; reads nothing yet.  @local */
void slab_init(struct inquiry *inquiry, const struct targets *targets, const struct scores *scores, struct slab *slab);
void slab_clear(struct slab *slab);

int64_t slab_count(const struct inquiry *inquiry);
/* Reads block b; `list`: lists the segments that are read.  @local   @fails BAD_INPUT, STOPPED */
enum status slab_read(struct slab *slab, int64_t b, int wanted, bool list);

#endif
