/* From an opened study to its plan. */
#ifndef ASSAY_INFLUENCE_STUDY_PLAN_H
#define ASSAY_INFLUENCE_STUDY_PLAN_H

#include "influence/plan.h"
#include "influence/study.h"

/* What a study's plan for n_rank ranks is made from; study_shape_clear releases it after success.
 * @local   @fails BAD_CONFIG, BAD_INPUT when a layer has another shape at another checkpoint */
enum status study_shape(const struct study *study, int64_t n_rank, struct influence_shape *shape);
/* Bytes that a rank keeps of the samples file and of its lines, were it `scale` times as long.  @local */
int64_t study_record_bytes(const struct study *study, double scale);
void study_shape_clear(struct influence_shape *shape);

/* The plan for n_rank ranks; the same on every rank.
 * @local   @fails BAD_CONFIG, BAD_INPUT, CANNOT_FIT */
enum status study_plan(const struct study *study, int64_t n_rank, struct influence_plan *plan);

#endif
