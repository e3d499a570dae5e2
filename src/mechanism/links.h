/* From parts on: to the training pairs that moved them, the training examples behind the behaviour in their layer, and
 * the policies under which these were admitted. */
#ifndef ASSAY_MECHANISM_LINKS_H
#define ASSAY_MECHANISM_LINKS_H

#include "mechanism/scene.h"

/* On rank 0; owned. */
struct links {
    int64_t n_part, n_behaviour;
    int64_t n_pair; /* kept per part and behaviour; 0: policy.h5 has no pairs */
    int64_t *pair;  /* n_behaviour × n_part × n_pair: rows of policy.h5; −1: none */
    double *shift;
    int64_t n_layer; /* "all", then those of influence.h5; 0: no examples */
    char **layers;
    int64_t n_example; /* kept per layer and behaviour */
    int64_t *queries;  /* n_behaviour: in which the behaviour occurs */
    int64_t *example;  /* n_behaviour × n_layer × n_example: training rows of influence.h5; −1: no more */
    double *score;     /* the same: sum of the influence on those queries, of kept proponents */
    int32_t *policy;   /* the same: into policies; −1: not known */
    int64_t n_policy;
    char **policies;
    double *policy_score; /* n_behaviour × n_layer × n_policy: over all of them */
    int32_t *part_layer;  /* n_part: row of layers that the part's layer has, 0 ("all") for others */
};

/* Reads policy (as the scene has it), influence.h5 and lineage.h5 of the run, as far as they are there.  queries[n]:
 * the bytes of links.queries; NULL without.
 * @local   @fails BAD_INPUT, BAD_CONFIG */
enum status links_make(const struct scene *scene, const char *queries, size_t n, struct links *links);
void links_clear(struct links *links);

/* SHA-256 of all that links say, in hex.  @local */
void links_digest(const struct links *links, char hex[65]);

#endif
