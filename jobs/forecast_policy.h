/* What the policy job of a config will take. */
#ifndef ASSAY_JOBS_FORECAST_POLICY_H
#define ASSAY_JOBS_FORECAST_POLICY_H

#include "cost/calibration.h"
#include "jobs/context.h"
#include "policy/plan.h"

struct policy_forecast {
    bool awaits_training; /* its inputs are not there yet: `train` makes them, and all below is 0 */
    char *misfit;         /* owned: why a rank does not fit; NULL when it does */
    struct policy_shape shape;
    struct policy_plan plan;
    int64_t n_pair;
    double n_segment; /* inputs that are listed */
    double seconds;   /* below 0 when unknown */
};

/* `memory` bytes per rank, 0: as the config says; `calibration` may be NULL: then the time is unknown.
 * @local   @fails BAD_INPUT with every problem of the inputs; what does not fit is no failure here */
enum status policy_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                 const struct calibration *calibration, struct policy_forecast *forecast);
void policy_forecast_clear(struct policy_forecast *forecast);

/* For people, within 100 columns; and as a member of a JSON object, its comma first.  @local */
void policy_forecast_show(const struct policy_forecast *forecast, struct text *out);
void policy_forecast_add_json(const struct policy_forecast *forecast, struct text *out);

#endif
