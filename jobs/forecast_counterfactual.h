/* What the counterfactual job of a config will take. */
#ifndef ASSAY_JOBS_FORECAST_COUNTERFACTUAL_H
#define ASSAY_JOBS_FORECAST_COUNTERFACTUAL_H

#include "cost/calibration.h"
#include "counterfactual/plan.h"
#include "jobs/context.h"

struct counterfactual_forecast {
    bool awaits_training;              /* its inputs are not there yet: `train` makes them, and all below is 0 */
    char *misfit;                      /* owned: why a rank does not fit; NULL when it does */
    struct counterfactual_shape shape; /* the number of outputs and of single examples is an estimate */
    struct counterfactual_plan plan;
    double n_segment; /* inputs that are listed */
    double seconds;   /* below 0 when unknown */
};

/* `memory` bytes per rank, 0: as the config says; `calibration` may be NULL: then the time is unknown.
 * @local   @fails BAD_CONFIG, BAD_INPUT with every problem of the inputs; what does not fit is no failure here */
enum status counterfactual_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                         const struct calibration *calibration,
                                         struct counterfactual_forecast *forecast);
void counterfactual_forecast_clear(struct counterfactual_forecast *forecast);

/* For people, within 100 columns; and as a member of a JSON object, its comma first.  @local */
void counterfactual_forecast_show(const struct counterfactual_forecast *forecast, struct text *out);
void counterfactual_forecast_add_json(const struct counterfactual_forecast *forecast, struct text *out);

#endif
