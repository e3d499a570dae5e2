/* A made-up study in memory, set up to score one tile: what calibration measures on. */
#ifndef ASSAY_INFLUENCE_STAGE_H
#define ASSAY_INFLUENCE_STAGE_H

#include "influence/partial.h"

enum { STAGE_CHECKPOINTS = 2, STAGE_LAYERS = 2, STAGE_COLUMNS = 3 };

/* Two factors per layer, and every plane and total that a job can have. */
struct stage {
    struct influence_config config;
    struct capture captures[STAGE_CHECKPOINTS * STAGE_LAYERS];
    struct checkpoint checkpoints[STAGE_CHECKPOINTS];
    struct group_column columns[STAGE_COLUMNS];
    int used[STAGE_CHECKPOINTS];
    struct study study; /* borrows all of the above */
    struct team team;   /* of one; no MPI */
    struct influence_plan plan;
    struct gradients examples, queries;
    struct sample_rows rows; /* of the examples: group codes alone */
    struct scorer *scorer;
    struct partial partial;
    const struct tile *tile; /* the latest; borrowed from the scorer */
};

/* Random gradients with factors of `n_column` numbers each.  @local */
struct stage *stage_create(const struct gemm_backend *backend, int n_digit, int64_t n_column);
void stage_destroy(struct stage *stage);

/* What estimates call tallies, for the one tile.  @local */
double stage_tallies(const struct stage *stage);

/* The next of a simple sequence of numbers in [−1, 1).  @local */
double stage_random(uint32_t *state);

#endif
