#include "policy/sae_prepare.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

static const double layer_norm_epsilon = 1e-5;

/* Both say whether the row could be scaled: its squares may leave the range of doubles, or all be 0. */
static bool scale_to_constant_norm(double *x, int64_t n)
{
    double square = 0;
    for (int64_t k = 0; k < n; k++)
        square += x[k] * x[k];
    double factor = sqrt((double)n) / sqrt(square);
    for (int64_t k = 0; k < n; k++)
        x[k] *= factor;
    return square > 0 && square <= DBL_MAX;
}

static bool layer_norm(double *x, int64_t n)
{
    double sum = 0, square = 0;
    for (int64_t k = 0; k < n; k++)
        sum += x[k];
    double mean = sum / (double)n;
    for (int64_t k = 0; k < n; k++) {
        x[k] -= mean;
        square += x[k] * x[k];
    }
    double divisor = sqrt(square / (double)(n - 1)) + layer_norm_epsilon;
    for (int64_t k = 0; k < n; k++)
        x[k] /= divisor;
    return square <= DBL_MAX;
}

const char *sae_prepare(const struct sae *sae, double *x)
{
    if (sae->config.normalisation == SAE_NORM_CONSTANT && !scale_to_constant_norm(x, sae->d_in))
        return "expected a norm above zero and within the range of doubles, since every row is scaled to the same norm";
    if (sae->config.normalisation == SAE_NORM_LAYER && !layer_norm(x, sae->d_in))
        return "expected a variance within the range of doubles, by which every row is normalised";
    for (int64_t k = 0; k < sae->d_in && sae->centre != NULL; k++)
        x[k] -= sae->centre[k]; /* b_dec was in single precision at most: a finite double stays finite */
    return NULL;
}
