/* A study: the records and captures that one influence job works on, opened and checked. */
#ifndef ASSAY_INFLUENCE_STUDY_H
#define ASSAY_INFLUENCE_STUDY_H

#include <mpi.h>

#include "base/text.h"
#include "influence/capture.h"
#include "influence/influence_config.h"
#include "influence/method.h"
#include "records/survey.h"

/* Bytes that the files of queries and checkpoints may have: every rank holds them while it parses them. */
#define STUDY_RECORD_LIMIT (INT64_C(64) << 30)

/* What the config says of it; all borrowed. */
struct study_request {
    const char *directory; /* inputs are relative to it */
    const struct samples_config *samples;
    const struct checkpoints_config *checkpoints;
    const struct influence_config *influence;
    const struct strings *also; /* further files to commit as inputs */
};

struct study {
    const struct influence_config *config; /* borrowed */
    const char *directory;                 /* borrowed */
    const struct influence_method *method;
    struct samples samples;
    struct queries queries;
    struct checkpoints checkpoints; /* all candidates */
    char rule[256];                 /* how they were selected, in words */
    int n_used;                     /* checkpoints that are scored */
    int *used;                      /* owned; indices into checkpoints.items, ascending */
    int n_layer;
    struct capture *captures;     /* owned; n_used × n_layer: captures[k * n_layer + l] */
    struct segment_list segments; /* rank 0: of the record files; more are added as the job reads */
};

/* Reads the samples, all ranks together; reads the other records on rank 0 and shares them; opens every capture on
 * every rank.  @collective comm   @fails BAD_INPUT, BAD_CONFIG, STOPPED */
enum status study_open(MPI_Comm comm, const struct study_request *request, struct study *study);
void study_close(struct study *study);

static inline const struct capture *study_capture(const struct study *study, int k, int l)
{
    return &study->captures[k * study->n_layer + l];
}

/* Whether captures of training examples come through the HDF5 library, which only one thread may use.  @local */
bool study_reads_hdf5(const struct study *study);

/* Weight of used checkpoint k in the sum of the method. */
double study_weight(const struct study *study, int k);

/* Segments of all bytes of all input files that no capture row covers, hashed by the ranks in turn and added to
 * study->segments: headers, unused tensors, checkpoint weights, files named by `also`.
 * @collective comm   @fails BAD_INPUT, STOPPED */
enum status study_hash_rest(MPI_Comm comm, const struct study_request *request, struct study *study);

/* The same segments, the same on every rank, before they are hashed.  @local   @fails BAD_INPUT */
enum status study_list_rest(const struct study_request *request, const struct study *study, struct segment_list *rest);

/* Opens a study on one process, without MPI: for plans and checks.  Every problem of the inputs becomes a line of
 * `problems`; true if there is none, and the caller then closes the study.  @local */
bool study_open_local(const struct study_request *request, struct study *study, struct text *problems);

/* Every problem of the inputs, one line each, instead of the first one.  @local */
void study_check(const struct study_request *request, struct text *problems);

#endif
