#include "mechanism/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector.h"
#include "exact/rng.h"

void resample_init(struct resample *resample, int64_t seed, int64_t n_probe, int64_t n, double confidence)
{
    *resample = (struct resample){.n_probe = n_probe,
                                  .n = n,
                                  .confidence = confidence,
                                  .count = memory_allocate(n_probe * n, sizeof *resample->count),
                                  .scratch = memory_allocate(n, sizeof *resample->scratch)};
    for (int64_t r = 0; r < n; r++) {
        struct rng rng;
        rng_init(&rng, seed, STREAM_RESAMPLES, r);
        for (int64_t i = 0; i < n_probe; i++)
            resample->count[rng_below(&rng, (uint32_t)n_probe) * n + r] += 1;
    }
}

void resample_clear(struct resample *resample)
{
    memory_free(resample->count);
    memory_free(resample->scratch);
    *resample = (struct resample){0};
}

int64_t resample_bytes(int64_t n_probe, int64_t n)
{
    return (n_probe + 1) * n * (int64_t)sizeof(double);
}

/* Every sum in the order of the probes; different sums side by side. */
VECTORISED static void add_probe(double *restrict sum, const double *restrict count, double value, int64_t n)
{
    for (int64_t r = 0; r < n; r++)
        sum[r] += count[r] * value;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double quantile(const double *sorted, int64_t n, double q)
{
    double at = q * (double)(n - 1), whole = floor(at);
    int64_t i = (int64_t)whole;
    return i + 1 < n ? sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

void resample_interval(struct resample *resample, const double *values, double *low, double *high)
{
    double *sum = resample->scratch, tail = (1 - resample->confidence) / 2;
    memset(sum, 0, (size_t)resample->n * sizeof *sum);
    for (int64_t i = 0; i < resample->n_probe; i++)
        add_probe(sum, resample->count + i * resample->n, values[i], resample->n);
    qsort(sum, (size_t)resample->n, sizeof *sum, compare_doubles);
    *low = quantile(sum, resample->n, tail) / (double)resample->n_probe;
    *high = quantile(sum, resample->n, 1 - tail) / (double)resample->n_probe;
}
