/* From an opened study to its plan. */
#ifndef ASSAY_INFLUENCE_STUDY_PLAN_H
#define ASSAY_INFLUENCE_STUDY_PLAN_H

#include "influence/plan.h"
#include "influence/study.h"

/* The plan for n_rank ranks; the same on every rank.
 * @local   @fails BAD_CONFIG, CANNOT_FIT */
enum status study_plan(const struct study *study, int64_t n_rank, struct influence_plan *plan);

#endif
