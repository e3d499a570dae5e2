/* The plan of an opened problem. */
#ifndef ASSAY_POLICY_PROBLEM_PLAN_H
#define ASSAY_POLICY_PROBLEM_PLAN_H

#include "policy/plan.h"
#include "policy/problem.h"

/* What the plan of this problem is made from; how many entries sparse rows have is estimated where nobody has counted
 * them.  @local */
void problem_shape(const struct problem *problem, int64_t n_rank, struct policy_shape *shape);

/* Every problem of the inputs, one line each, instead of the first one; and whether one rank could hold it.  @local */
void problem_check(const struct problem_request *request, struct text *problems);

#endif
