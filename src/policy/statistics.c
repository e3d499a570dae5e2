#include "policy/statistics.h"

#include <math.h>

#include "base/memory.h"
#include "base/vector.h"
#include "comm/share.h"
#include "exact/sum.h"

/* Squares are below 2^54: kept as high · 2^27 + low, both words of which hold the sums of 2^31 of them. */
enum { WORD = 27 };
static const int64_t word_mask = ((int64_t)1 << WORD) - 1;

/* Per column: Σ q, Σ of both words of q², entries that are not zero. */
struct sums {
    int64_t *value, *high, *low, *active; /* one allocation */
};

VECTORISED
static void add_row(const int32_t *q, int64_t n, const struct sums *sums)
{
    int64_t *value = sums->value, *high = sums->high, *low = sums->low, *active = sums->active;
    for (int64_t j = 0; j < n; j++)
        value[j] += q[j];
    for (int64_t j = 0; j < n; j++)
        high[j] += ((int64_t)q[j] * q[j]) >> WORD;
    for (int64_t j = 0; j < n; j++)
        low[j] += ((int64_t)q[j] * q[j]) & word_mask;
    for (int64_t j = 0; j < n; j++)
        active[j] += q[j] != 0;
}

static void add_part(const struct quantised *part, const struct sums *sums)
{
    if (quantised_is_dense(part)) {
        for (int64_t i = 0; i < part->n_row; i++)
            add_row(part->dense + i * part->n_column, part->n_column, sums);
        return;
    }
    int64_t n_entry = part->n_row > 0 ? part->start[part->n_row] : 0;
    for (int64_t k = 0; k < n_entry; k++) {
        int64_t column = part->column[k], square = (int64_t)part->q[k] * part->q[k];
        sums->value[column] += part->q[k];
        sums->high[column] += square >> WORD;
        sums->low[column] += square & word_mask;
        sums->active[column] += part->q[k] != 0;
    }
}

/* sum + a · b · 2^exponent, exactly; |a|, |b| < 2^62. */
static void add_product(struct sum *sum, int64_t a, int64_t b, int exponent)
{
    enum { HALF = 31 };
    const int64_t mask = ((int64_t)1 << HALF) - 1;
    int64_t a_low = a & mask, a_high = a >> HALF, b_low = b & mask, b_high = b >> HALF;
    bool added = sum_add(sum, a_high * b_high, exponent + 2 * HALF);
    added = sum_add(sum, a_high * b_low, exponent + HALF) && added;
    added = sum_add(sum, a_low * b_high, exponent + HALF) && added;
    added = sum_add(sum, a_low * b_low, exponent) && added;
    ASSERT(added);
}

void statistics_measure(MPI_Comm comm, struct features *features)
{
    int64_t n = features->n_probe, m = features->n_feature, n_column = 1 + m;
    int64_t *words = memory_allocate(4 * n_column, sizeof *words);
    struct sums sums = {words, words + n_column, words + 2 * n_column, words + 3 * n_column};
    for (int p = 0; p < features->n_part; p++)
        add_part(&features->part[p], &sums);
    share_sum(comm, words, 4 * n_column);
    features->mean = memory_allocate(m, sizeof *features->mean);
    features->deviation = memory_allocate(m, sizeof *features->deviation);
    features->square = memory_allocate(m, sizeof *features->square);
    features->active = memory_allocate(m, sizeof *features->active);
    for (int64_t j = 0; j < m; j++) {
        int64_t value = sums.value[1 + j], high = sums.high[1 + j], low = sums.low[1 + j];
        struct sum square = {{0}}, spread = {{0}}; /* Σq² and n Σq² − (Σq)² */
        add_product(&square, high, 1, WORD);
        add_product(&square, low, 1, 0);
        add_product(&spread, high, n, WORD);
        add_product(&spread, low, n, 0);
        add_product(&spread, value, -value, 0);
        int scale = features_scale(features, 1 + j);
        features->mean[j] = ldexp((double)value / (double)n, scale);
        features->deviation[j] = ldexp(sqrt(sum_value(&spread)) / (double)n, scale);
        features->square[j] = sum_value(&square);
        features->active[j] = sums.active[1 + j];
    }
    memory_free(words);
}
