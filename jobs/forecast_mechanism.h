/* What the mechanism job of a config will take. */
#ifndef ASSAY_JOBS_FORECAST_MECHANISM_H
#define ASSAY_JOBS_FORECAST_MECHANISM_H

#include "cost/calibration.h"
#include "jobs/context.h"

struct mechanism_forecast {
    bool awaits;  /* its inputs are not there yet: `train` makes them, or it explains policy.h5; all below is 0 */
    char *misfit; /* owned: why a rank does not fit; NULL when it does */
    struct mechanism_shape shape;
    struct mechanism_plan plan;
    double n_segment; /* inputs that are listed */
    double seconds;   /* below 0 when unknown */
};

/* As policy_forecast_make.  @local   @fails BAD_INPUT, BAD_CONFIG */
enum status mechanism_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                    const struct calibration *calibration, struct mechanism_forecast *forecast);
void mechanism_forecast_clear(struct mechanism_forecast *forecast);

/* For people, within 100 columns; and as a member of a JSON object, its comma first.  @local */
void mechanism_forecast_show(const struct mechanism_forecast *forecast, struct text *out);
void mechanism_forecast_add_json(const struct mechanism_forecast *forecast, struct text *out);

#endif
