#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "counterfactual/validation.h"
#include "exact/correlation.h"
#include "exact/rng.h"

enum { STREAM_SUBSETS = 1003 };

/* out[i] = values[set i × n_query + q] */
static void take_column(const double *values, int64_t n, int64_t n_query, int64_t q, double *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = values[i * n_query + q];
}

/* The mean of those that are known; NaN when none is. */
static double known_mean(const double *values, int64_t n)
{
    double sum = 0;
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            sum += values[i];
            known++;
        }
    return known > 0 ? sum / (double)known : (double)NAN;
}

/* ---- the linear datamodelling score ----------------------------------------------------------------------------- */

/* Per query the rank correlation over the sets drawn (NULL: all of them). */
static void rank_columns(const double *predicted, const double *actual, int64_t n, int64_t n_query,
                         const int64_t *drawn, double *correlation)
{
    double *x = memory_allocate_raw(2 * n, sizeof *x), *y = x + n;
    for (int64_t q = 0; q < n_query; q++) {
        for (int64_t i = 0; i < n; i++) {
            int64_t at = (drawn != NULL ? drawn[i] : i) * n_query + q;
            x[i] = predicted[at];
            y[i] = actual[at];
        }
        correlation[q] = correlate_ranks(n, x, y);
    }
    memory_free(x);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The 5th and 95th percentile of the mean over queries when subsets are drawn anew, the same ones for every method. */
static void judge_interval(const struct counterfactual_config *config, const struct validation *validation,
                           int64_t method)
{
    const struct retrained_part *part = &validation->truth.parts[TRUTH_OF_SUBSETS];
    int64_t n = part->n, m = validation->truth.n_query, replicates = config->bootstrap;
    double *means = memory_allocate(replicates, sizeof *means), *each = memory_allocate(m, sizeof *each);
    int64_t *drawn = memory_allocate(n, sizeof *drawn);
    for (int64_t r = 0; r < replicates; r++) {
        struct rng rng;
        rng_init(&rng, config->seed, STREAM_SUBSETS, r);
        for (int64_t i = 0; i < n; i++)
            drawn[i] = rng_below(&rng, (uint32_t)n);
        rank_columns(validation->predicted[TRUTH_OF_SUBSETS] + method * n * m, part->change, n, m, drawn, each);
        means[r] = known_mean(each, m);
    }
    int64_t known = 0;
    for (int64_t r = 0; r < replicates; r++)
        if (!isnan(means[r]))
            means[known++] = means[r];
    qsort(means, (size_t)known, sizeof *means, compare);
    int64_t low = (int64_t)ceil(0.05 * (double)known), high = (int64_t)ceil(0.95 * (double)known);
    validation->lds_low[method] = known > 1 ? means[low < 1 ? 0 : low - 1] : (double)NAN;
    validation->lds_high[method] = known > 1 ? means[high - 1] : (double)NAN;
    memory_free(drawn);
    memory_free(each);
    memory_free(means);
}

/* How well the mean of all other seeds foretells one seed, mean over seeds: what no method can be expected to beat by
 * much. */
static void judge_ceiling(const struct validation *validation)
{
    const struct retrained_part *part = &validation->truth.parts[TRUTH_OF_SUBSETS];
    int64_t n = part->n, m = validation->truth.n_query, seeds = part->n_seed;
    double *one = memory_allocate(2 * n, sizeof *one), *others = one + n;
    for (int64_t q = 0; q < m; q++) {
        double sum = 0;
        for (int64_t s = 0; s < seeds && seeds > 1; s++) {
            for (int64_t i = 0; i < n; i++) {
                const double *outputs = part->by_seed + i * seeds * m + q;
                one[i] = outputs[s * m];
                others[i] = 0;
                for (int64_t k = 0; k < seeds; k++)
                    others[i] += k != s ? outputs[k * m] : 0;
            }
            sum += correlate_ranks(n, one, others);
        }
        validation->ceiling[q] = seeds > 1 ? sum / (double)seeds : (double)NAN;
    }
    memory_free(one);
}

/* ---- the others ------------------------------------------------------------------------------------------------- */

static void judge_examples(const struct validation *validation, int64_t method)
{
    const struct retrained_part *part = &validation->truth.parts[TRUTH_OF_EXAMPLES];
    int64_t n = part->n, m = validation->truth.n_query;
    const double *predicted = validation->predicted[TRUTH_OF_EXAMPLES] + method * n * m;
    double *x = memory_allocate(2 * n, sizeof *x), *y = x + n;
    for (int64_t q = 0; q < m; q++) {
        take_column(predicted, n, m, q, x);
        take_column(part->change, n, m, q, y);
        validation->loo[method * m + q] = correlate(n, x, y);
    }
    validation->loo_mean[method] = known_mean(validation->loo + method * m, m);
    memory_free(x);
}

/* Actual by predicted change of one query, least squares through the origin over all models; NaN: nothing predicted. */
static double slope_of(const struct validation *validation, int64_t method, int64_t q)
{
    double both = 0, square = 0;
    int64_t m = validation->truth.n_query;
    for (int kind = 0; kind < N_TRUTH_KINDS; kind++) {
        const struct retrained_part *part = &validation->truth.parts[kind];
        const double *predicted = validation->predicted[kind] + method * part->n * m;
        for (int64_t at = q; at < part->n * m; at += m) {
            both += predicted[at] * part->change[at];
            square += predicted[at] * predicted[at];
        }
    }
    return square > 0 ? both / square : (double)NAN;
}

/* First-order sums know no scale of their own.  The median over queries: a few have losses of another size. */
static void judge_slope(const struct validation *validation, int64_t method)
{
    int64_t m = validation->truth.n_query, known = 0;
    double *slopes = memory_allocate(m, sizeof *slopes);
    for (int64_t q = 0; q < m; q++) {
        double slope = slope_of(validation, method, q);
        if (!isnan(slope))
            slopes[known++] = slope;
    }
    qsort(slopes, (size_t)known, sizeof *slopes, compare);
    validation->slope[method] = known > 0 ? (slopes[(known - 1) / 2] + slopes[known / 2]) / 2 : (double)NAN;
    memory_free(slopes);
}

void validation_judge(const struct counterfactual_config *config, struct validation *validation)
{
    const struct retrained *truth = &validation->truth;
    const struct retrained_part *subsets = &truth->parts[TRUTH_OF_SUBSETS], *groups = &truth->parts[TRUTH_OF_GROUPS];
    int64_t m = truth->n_query;
    for (int64_t i = 0; i < validation->methods.n; i++) {
        if (subsets->n > 0) {
            rank_columns(validation->predicted[TRUTH_OF_SUBSETS] + i * subsets->n * m, subsets->change, subsets->n, m,
                         NULL, validation->lds + i * m);
            validation->lds_mean[i] = known_mean(validation->lds + i * m, m);
            judge_interval(config, validation, i);
        }
        if (truth->parts[TRUTH_OF_EXAMPLES].n > 0)
            judge_examples(validation, i);
        if (groups->n > 0) {
            const double *predicted = validation->predicted[TRUTH_OF_GROUPS] + i * groups->n * m;
            validation->group_pearson[i] = correlate(groups->n * m, predicted, groups->change);
            validation->group_spearman[i] = correlate_ranks(groups->n * m, predicted, groups->change);
        }
        judge_slope(validation, i);
    }
    if (subsets->n > 0)
        judge_ceiling(validation);
}
