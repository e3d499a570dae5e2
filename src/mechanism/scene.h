/* The scene: all that one mechanism job works on, opened and checked. */
#ifndef ASSAY_MECHANISM_SCENE_H
#define ASSAY_MECHANISM_SCENE_H

#include "base/segment.h"
#include "base/text.h"
#include "exact/rows.h"
#include "mechanism/mechanism_config.h"
#include "mechanism/parts.h"
#include "mechanism/plan.h"
#include "mechanism/policy_facts.h"
#include "records/probes.h"
#include "tensor/tensor.h"

/* What the config says of it; all borrowed. */
struct mechanism_request {
    const char *directory; /* inputs are relative to it */
    const char *run_directory;
    const struct mechanism_config *mechanism;
    const struct strings *also; /* further files to commit as inputs */
    /* At the level of the policy: the features of its probes, a row each, and what was read for them (rank 0's list
     * counts); NULL at the level of the network. */
    const struct rows *features;
    const struct segment_list *features_read;
};

/* The tensors that a config may name, in its order. */
enum scene_tensor {
    SCENE_BEHAVIOUR,
    SCENE_AFTER,                                   /* one per intervention */
    SCENE_CONTROLS = SCENE_AFTER + N_INTERVENTION, /* likewise */
    SCENE_SOURCE = SCENE_CONTROLS + N_INTERVENTION,
    SCENE_PAIRS,
    SCENE_K,
    SCENE_TOP,
    SCENE_RANDOM,
    SCENE_ACTIVATIONS,
    SCENE_INPUTS,
    N_SCENE_TENSOR
};

struct scene {
    const struct mechanism_request *request; /* borrowed, as the next one */
    const struct mechanism_config *config;
    bool network; /* the level */
    bool probability;
    int64_t n_probe, n_behaviour, n_category;
    struct probes probes;  /* of the file, at the level of the network */
    const char *probe_ids; /* borrowed, as the next ones: of `probes` or of `policy` */
    int64_t id_bytes;
    const int32_t *category;
    char *const *categories, *const *behaviours;
    struct parts parts;
    struct policy_facts policy;
    struct tensor *tensors[N_SCENE_TENSOR]; /* owned; NULL where not given */
    int64_t n_control[N_INTERVENTION];      /* of each part */
    int64_t n_pair, *first, *second;        /* owned; parts of each pair */
    double *intact;               /* owned; n_behaviour × n_probe: the behaviour of the model, nothing intervened on */
    double *target;               /* owned; n_behaviour × n_probe: as measured, which recomposition is to meet */
    struct segment_list segments; /* what this rank read */
};

/* Reads records on rank 0, shares them, opens every tensor on every rank, reads the behaviour.
 * @collective comm   @fails BAD_INPUT, BAD_CONFIG; nothing is open then */
enum status scene_open(MPI_Comm comm, const struct mechanism_request *request, struct scene *scene);
void scene_close(struct scene *scene);

/* Whether an intervention was measured, or is computed at this level.  @local */
bool scene_has(const struct scene *scene, int intervention);

/* Rows [first, first + n) of a tensor as doubles; the caller owns them.  @local   @fails BAD_INPUT */
enum status scene_read(struct scene *scene, enum scene_tensor which, int64_t first, int64_t n, double **values);

/* Hashes what no row covers, by the ranks in turn.  @collective comm   @fails BAD_INPUT, STOPPED */
enum status scene_hash_rest(MPI_Comm comm, struct scene *scene);

/* The sizes of a scene whose tensors are open.  @local */
void scene_shape(const struct scene *scene, int64_t n_rank, struct mechanism_shape *shape);

/* The sizes alone, without MPI, from headers and records; and how many inputs the table will list.  At the level of the
 * network.  @local   @fails BAD_INPUT, BAD_CONFIG */
enum status mechanism_measure_shape(const struct mechanism_request *request, int64_t n_rank,
                                    struct mechanism_shape *shape, double *n_segment);

/* The inputs that a config names, without MPI and without the tables of the run: every problem becomes a line.
 * @local */
void mechanism_check(const struct mechanism_request *request, struct text *problems);

#endif
