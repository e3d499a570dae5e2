/* The bootstrap over probes: the same resamples for every part, on any number of ranks. */
#ifndef ASSAY_MECHANISM_RESAMPLE_H
#define ASSAY_MECHANISM_RESAMPLE_H

#include <stdint.h>

/* What random numbers are drawn for (exact/rng.h). */
enum mechanism_stream { STREAM_RESAMPLES = 101, STREAM_RANDOM_PARTS, STREAM_RANDOM_ORDERS };

struct resample {
    int64_t n_probe, n; /* resamples */
    double confidence;
    double *count;   /* owned; n_probe × n: how often resample r has probe i */
    double *scratch; /* owned; n */
};

void resample_init(struct resample *resample, int64_t seed, int64_t n_probe, int64_t n, double confidence);
void resample_clear(struct resample *resample);
int64_t resample_bytes(int64_t n_probe, int64_t n);

/* The middle `confidence` of the means of resampled values[n_probe]: the percentile interval, between two of its order
 * statistics in a line as numpy has it.  @local   @source Efron, Bootstrap Methods, 1979 */
void resample_interval(struct resample *resample, const double *values, double *low, double *high);

#endif
