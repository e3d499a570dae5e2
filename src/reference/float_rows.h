/* Element-wise steps on rows of floats, and sums in one fixed order: the same bits on every machine. */
#ifndef ASSAY_REFERENCE_FLOAT_ROWS_H
#define ASSAY_REFERENCE_FLOAT_ROWS_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Where float expressions are computed in a wider type, the bits would be others. */
_Static_assert(FLT_EVAL_METHOD == 0, "float arithmetic must round to float after every operation");

/* into += factor · row, element by element. */
static inline void row_add_scaled(float *restrict into, const float *restrict row, float factor, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        into[i] += factor * row[i];
}

/* Σ a_i · b_i, in order of i. */
static inline float row_dot(const float *a, const float *b, int64_t n)
{
    float sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Σ x_i², in order of i, in double. */
static inline double row_square_sum(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

static inline bool row_is_finite(const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

#endif
