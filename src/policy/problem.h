/* The problem: the records and tensors that one policy job works on, opened and checked. */
#ifndef ASSAY_POLICY_PROBLEM_H
#define ASSAY_POLICY_PROBLEM_H

#include <mpi.h>

#include "base/text.h"
#include "policy/labels.h"
#include "policy/pairs.h"
#include "policy/policy_config.h"
#include "policy/source.h"
#include "records/probes.h"

/* Bytes that a file of records may have: every rank holds all of them while it parses them. */
#define PROBLEM_RECORD_LIMIT (INT64_C(1) << 30)

/* What the config says of it; all borrowed. */
struct problem_request {
    const char *directory; /* inputs are relative to it */
    const struct policy_config *policy;
    const struct strings *also; /* further files to commit as inputs */
};

struct problem {
    const struct problem_request *request; /* borrowed, as the next one */
    const struct policy_config *config;
    struct probes probes;
    struct labels labels;
    struct source *source; /* features of the probes, one item each */
    int64_t n_feature;
    struct tensor *behaviour;     /* n_probe × n_behaviour */
    struct pairs *pairs;          /* NULL: none */
    struct segment_list segments; /* rank 0: records and encoder; more are added as the job reads */
};

/* Reads the records on rank 0, shares them, opens every tensor on every rank.
 * @collective comm   @fails BAD_INPUT, BAD_CONFIG; nothing is open then */
enum status problem_open(MPI_Comm comm, const struct problem_request *request, struct problem *problem);
void problem_close(struct problem *problem);

/* The same on one process, without MPI: for plans and checks.  Every problem of the inputs becomes a line of
 * `problems`; true if there is none, and the caller then closes it.  @local */
bool problem_open_local(const struct problem_request *request, struct problem *problem, struct text *problems);

/* Segments of all bytes of all input files that no row of features, behaviour or pairs covers, the same on every rank,
 * their digests still zero: headers, unused tensors, files named by `also`.  @local   @fails BAD_INPUT */
enum status problem_list_rest(const struct problem *problem, struct segment_list *rest);
/* The same, hashed by the ranks in turn and added to problem->segments.  @collective comm   @fails BAD_INPUT, STOPPED
 */
enum status problem_hash_rest(MPI_Comm comm, struct problem *problem);

#endif
