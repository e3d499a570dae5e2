/* What the lineage job of a config will take. */
#ifndef ASSAY_JOBS_FORECAST_LINEAGE_H
#define ASSAY_JOBS_FORECAST_LINEAGE_H

#include "cost/calibration.h"
#include "jobs/context.h"
#include "lineage/estimate.h"

struct lineage_forecast {
    bool awaits_training; /* its inputs are not there yet: `train` makes them, and all below is 0 */
    char *misfit;         /* owned: why a rank does not fit; NULL when it does */
    struct lineage_estimate estimate;
    struct lineage_plan plan;
    double seconds; /* below 0 when unknown */
};

/* `memory` bytes per rank, 0: as the config says; `calibration` may be NULL: then the time is unknown.
 * @local   @fails BAD_CONFIG, BAD_INPUT; what does not fit is no failure here */
enum status lineage_forecast_make(const struct context *context, int64_t n_rank, int64_t memory,
                                  const struct calibration *calibration, struct lineage_forecast *forecast);
void lineage_forecast_clear(struct lineage_forecast *forecast);

/* Whether the inputs of the lineage section are there, or `train` is still to make them. */
bool lineage_awaits_training(const struct context *context, const struct lineage_request *request);

/* For people, within 100 columns; and as a member of a JSON object, its comma first.  @local */
void lineage_forecast_show(const struct lineage_forecast *forecast, struct text *out);
void lineage_forecast_add_json(const struct lineage_forecast *forecast, struct text *out);

#endif
