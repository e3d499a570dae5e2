#include "counterfactual/network_effect.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "exact/rng.h"

enum { STREAM_BOOTSTRAP = 1001 };

static const double normal_quantile = 1.6448536269514722; /* of 95 % */

void network_sum_init(int64_t n_query, int64_t n_replicate, struct network_sum *sum)
{
    *sum = (struct network_sum){.n_query = n_query, .n_replicate = n_replicate};
    sum->total = memory_allocate(n_query, sizeof *sum->total);
    sum->replicate = memory_allocate(n_replicate * n_query, sizeof *sum->replicate);
    sum->replicate_sum = memory_allocate(n_replicate, sizeof *sum->replicate_sum);
}

void network_sum_clear(struct network_sum *sum)
{
    memory_free(sum->replicate_sum);
    memory_free(sum->replicate);
    memory_free(sum->total);
    *sum = (struct network_sum){0};
}

int64_t network_sum_bytes(int64_t n_query, int64_t n_replicate)
{
    return n_query * (int64_t)sizeof(struct sum) + (n_query + 1) * n_replicate * (int64_t)sizeof(double);
}

/* @source the distribution function of Poisson numbers of mean 1, times 2^32, rounded */
static uint8_t poisson(uint32_t uniform)
{
    static const uint32_t below[] = {1580030169, 3160060337, 3950075422, 4213413783, 4279248374, 4292415292,
                                     4294609778, 4294923276, 4294962463, 4294966817, 4294967253, 4294967292};
    uint8_t k = 0;
    while (k < sizeof below / sizeof *below && uniform >= below[k])
        k++;
    return k;
}

void network_weights(int64_t seed, int64_t row, int64_t n_replicate, uint8_t *weight)
{
    struct rng rng;
    rng_init(&rng, seed, STREAM_BOOTSTRAP, row);
    for (int64_t r = 0; r < n_replicate; r++)
        weight[r] = poisson(rng_next(&rng));
}

enum status network_sum_add(struct network_sum *sum, const double *score, const uint8_t *weight)
{
    int64_t m = sum->n_query;
    sum->n_row++;
    for (int64_t q = 0; q < m; q++)
        if (!sum_add_double(&sum->total[q], score[q]))
            return fail(BAD_INPUT, "influence.h5: /scores: expected finite numbers, found %g", score[q]);
    for (int64_t r = 0; r < sum->n_replicate; r++) {
        if (weight[r] == 0)
            continue;
        double times = weight[r];
        sum->replicate_sum[r] += times;
        for (int64_t q = 0; q < m; q++)
            sum->replicate[r * m + q] += times * score[q];
    }
    return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The values are sorted; nearest rank. */
static double percentile(const double *values, int64_t n, double part)
{
    int64_t rank = (int64_t)ceil(part * (double)n);
    return values[rank < 1 ? 0 : rank - 1];
}

static void set_unknown(const struct network_effect *effect, int64_t q)
{
    effect->error[q] = effect->low[q] = effect->high[q] = NAN;
    effect->kind[q] = UNCERTAINTY_NONE;
}

void network_sum_effect(const struct network_sum *sum, const struct network_effect *effect)
{
    int64_t n = sum->n_replicate;
    double *values = memory_allocate(n, sizeof *values);
    for (int64_t q = 0; q < sum->n_query; q++) {
        struct sum total = sum->total[q];
        sum_normalise(&total);
        effect->change[q] = sum_value(&total);
        set_unknown(effect, q);
        if (n < 2 || sum->n_row < 2)
            continue;
        double mean = 0, square = 0;
        for (int64_t r = 0; r < n; r++) {
            double weight = sum->replicate_sum[r];
            values[r] = weight > 0 ? (double)sum->n_row * sum->replicate[r * sum->n_query + q] / weight : 0;
            mean += values[r] / (double)n;
        }
        for (int64_t r = 0; r < n; r++)
            square += (values[r] - mean) * (values[r] - mean);
        qsort(values, (size_t)n, sizeof *values, compare);
        effect->error[q] = sqrt(square / (double)(n - 1));
        effect->low[q] = percentile(values, n, 0.05);
        effect->high[q] = percentile(values, n, 0.95);
        effect->kind[q] = UNCERTAINTY_BOOTSTRAP;
    }
    memory_free(values);
}

void network_effect_spread(const struct scores *scores, int64_t example, const struct network_effect *effect)
{
    int64_t n = scores->n_checkpoint, place;
    int side;
    for (int64_t q = 0; q < scores->n_query && n > 1; q++) {
        if (!scores_find(scores, q, example, &side, &place))
            continue;
        const double *part = scores->by_checkpoint[side] + place * n;
        double mean = 0, square = 0;
        for (int64_t k = 0; k < n; k++)
            mean += part[k] / (double)n;
        for (int64_t k = 0; k < n; k++)
            square += (part[k] - mean) * (part[k] - mean);
        double error = sqrt((double)n * square / (double)(n - 1)); /* of a sum of n parts that vary so */
        effect->error[q] = error;
        effect->low[q] = effect->change[q] - normal_quantile * error;
        effect->high[q] = effect->change[q] + normal_quantile * error;
        effect->kind[q] = UNCERTAINTY_CHECKPOINTS;
    }
}

/* The sum over members that are all among the strongest; NaN otherwise. */
static double kept_sum(const struct scores *scores, const struct scenario *scenario, int64_t q)
{
    double total = 0;
    for (int64_t i = 0; i < scenario->n_member; i++) {
        int side;
        int64_t place;
        if (!scores_find(scores, q, scenario->members[i], &side, &place))
            return NAN;
        total += scores->score[side][place];
    }
    return total;
}

void network_effect_kept(const struct scores *scores, const struct scenario *scenario,
                         const struct group_column *column, const double *totals, const struct network_effect *effect)
{
    for (int64_t q = 0; q < scores->n_query; q++) {
        set_unknown(effect, q);
        effect->change[q] = NAN;
        if (scenario->n_condition == 0)
            effect->change[q] = kept_sum(scores, scenario, q);
        else if (totals != NULL && scenario->n_condition == 1 && scenario->n_member == 0)
            effect->change[q] = totals[q * column->n_value + scenario->conditions->code];
    }
}
