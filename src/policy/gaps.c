#include "policy/gaps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/stop.h"
#include "comm/agree.h"
#include "comm/share.h"

const char *const gap_names[N_GAP_KINDS] = {"carried", "no active feature", "about zero", "wrong sign"};

enum { WORKSPACE = 4 << 20 }; /* bytes for the sums of some pairs at a time, if one pair takes less */

static bool expects(const struct probes *probes, int64_t i, int64_t category, int64_t b)
{
    return probes->category[i] == category && probes->expected[i * probes->n_behaviour + b];
}

/* Per category and behaviour the probes that expect it; the caller owns them. */
static int64_t *count_expecting(const struct probes *probes)
{
    int64_t *count = memory_allocate(probes->n_category * probes->n_behaviour, sizeof *count);
    for (int64_t i = 0; i < probes->n; i++)
        for (int64_t b = 0; b < probes->n_behaviour; b++)
            count[probes->category[i] * probes->n_behaviour + b] += probes->expected[i * probes->n_behaviour + b];
    return count;
}

int64_t gaps_count(const struct probes *probes)
{
    int64_t *count = count_expecting(probes), n = 0;
    for (int64_t k = 0; k < probes->n_category * probes->n_behaviour; k++)
        n += count[k] > 0;
    memory_free(count);
    return n;
}

int64_t gaps_evidence(const struct policy_config *config, int64_t n_feature)
{
    return config->keep_features < n_feature ? config->keep_features : n_feature;
}

static void list_pairs(const struct probes *probes, const double *behaviour, struct gaps *gaps)
{
    int64_t *count = count_expecting(probes), m = probes->n_behaviour;
    int64_t *size = memory_allocate(probes->n_category, sizeof *size);
    for (int64_t i = 0; i < probes->n; i++)
        size[probes->category[i]]++;
    for (int64_t k = 0; k < probes->n_category * m; k++) {
        if (count[k] == 0)
            continue;
        struct gap *gap = &gaps->items[gaps->n++];
        *gap = (struct gap){.category = (int32_t)(k / m),
                            .behaviour = (int32_t)(k % m),
                            .n_probe = size[k / m],
                            .n_expecting = count[k]};
        double sum = 0;
        for (int64_t i = 0; i < probes->n; i++)
            if (expects(probes, i, gap->category, gap->behaviour))
                sum += behaviour[gap->behaviour * probes->n + i];
        gap->behaviour_mean = sum / (double)gap->n_expecting;
    }
    memory_free(size);
    memory_free(count);
}

/* ---- sums over the probes of a pair ----------------------------------------------------------------------------- */

/* Of one pair: Σ q and entries that are not zero, per feature. */
struct tally {
    int64_t *value, *active;
};

static void tally_row(const struct quantised *part, int64_t i, const struct tally *tally)
{
    if (quantised_is_dense(part)) {
        const int32_t *q = part->dense + i * part->n_column + 1;
        for (int64_t j = 0; j < part->n_column - 1; j++) {
            tally->value[j] += q[j];
            tally->active[j] += q[j] != 0;
        }
        return;
    }
    for (int64_t k = part->start[i]; k < part->start[i + 1]; k++) {
        if (part->column[k] == 0) /* the ones */
            continue;
        tally->value[part->column[k] - 1] += part->q[k];
        tally->active[part->column[k] - 1]++;
    }
}

static void tally_own(const struct probes *probes, const struct features *features, const struct gap *gap,
                      const struct tally *tally)
{
    for (int p = 0; p < features->n_part; p++)
        for (int64_t i = 0; i < features->part[p].n_row; i++)
            if (expects(probes, features->probe[p][i], gap->category, gap->behaviour))
                tally_row(&features->part[p], i, tally);
}

/* ---- judging one pair ------------------------------------------------------------------------------------------- */

struct entry {
    int64_t feature;
    double mean, share, weight; /* weight: |w · (mean − mean over all probes)| */
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    if (left->weight != right->weight)
        return left->weight < right->weight ? 1 : -1;
    return (left->feature > right->feature) - (left->feature < right->feature);
}

/* Features that are active in the pair; their number. */
static int64_t list_active(const struct policy_config *config, const struct features *features, const double *w,
                           const struct gap *gap, const struct tally *tally, struct entry *entries)
{
    int64_t n = 0;
    double least = config->gap_active * (double)gap->n_expecting;
    for (int64_t j = 0; j < features->n_feature; j++) {
        if (tally->active[j] == 0 || (double)tally->active[j] < least)
            continue;
        double mean = ldexp((double)tally->value[j] / (double)gap->n_expecting, features_scale(features, 1 + j));
        entries[n++] = (struct entry){.feature = j,
                                      .mean = mean,
                                      .share = (double)tally->active[j] / (double)gap->n_expecting,
                                      .weight = fabs(w[j] * (mean - features->mean[j]))};
    }
    return n;
}

static double strongest_of(const struct features *features, const double *w)
{
    double strongest = 0;
    for (int64_t j = 0; j < features->n_feature; j++)
        strongest = fmax(strongest, fabs(w[j]) * features->deviation[j]);
    return strongest;
}

static void judge(const struct policy_config *config, const struct features *features, const double *w,
                  const struct entry *entries, struct gap *gap)
{
    double all = strongest_of(features, w), active = 0;
    for (int64_t k = 0; k < gap->n_active; k++) { /* in order of the features */
        int64_t j = entries[k].feature;
        gap->contribution += w[j] * entries[k].mean;
        gap->lift += w[j] * (entries[k].mean - features->mean[j]);
        active = fmax(active, fabs(w[j]) * features->deviation[j]);
    }
    gap->strongest = all > 0 ? active / all : 0;
    if (gap->n_active == 0)
        gap->kind = GAP_NO_FEATURE;
    else if (all <= 0 || active < config->gap_about_zero * all)
        gap->kind = GAP_ABOUT_ZERO;
    else
        gap->kind = gap->lift < 0 ? GAP_WRONG_SIGN : GAP_NONE;
}

static void keep_evidence(struct gaps *gaps, int64_t g, const double *w, struct entry *entries, int64_t n)
{
    qsort(entries, (size_t)n, sizeof *entries, compare_entries);
    for (int64_t k = 0; k < gaps->n_evidence; k++) {
        int64_t at = g * gaps->n_evidence + k;
        gaps->feature[at] = k < n ? entries[k].feature : -1;
        gaps->coefficient[at] = k < n ? w[entries[k].feature] : (double)NAN;
        gaps->mean[at] = k < n ? entries[k].mean : (double)NAN;
        gaps->share[at] = k < n ? entries[k].share : (double)NAN;
    }
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

enum status gaps_find(MPI_Comm comm, const struct policy_config *config, const struct probes *probes,
                      const struct features *features, const double *behaviour, const struct solution *solution,
                      struct gaps *gaps)
{
    int64_t m = features->n_feature, n = gaps_count(probes), n_evidence = gaps_evidence(config, m);
    *gaps = (struct gaps){.items = memory_allocate(n, sizeof *gaps->items),
                          .n_evidence = n_evidence,
                          .feature = memory_allocate(n * n_evidence, sizeof *gaps->feature),
                          .coefficient = memory_allocate(n * n_evidence, sizeof *gaps->coefficient),
                          .mean = memory_allocate(n * n_evidence, sizeof *gaps->mean),
                          .share = memory_allocate(n * n_evidence, sizeof *gaps->share)};
    list_pairs(probes, behaviour, gaps);
    int64_t batch = WORKSPACE / (2 * m * (int64_t)sizeof(int64_t));
    batch = batch < 1 ? 1 : batch < n ? batch : n;
    int64_t *words = memory_allocate(batch * 2 * m, sizeof *words);
    struct entry *entries = memory_allocate(m, sizeof *entries);
    enum status status = STATUS_OK;
    for (int64_t first = 0; first < n && status == STATUS_OK; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        memset(words, 0, (size_t)(count * 2 * m) * sizeof *words);
        for (int64_t g = 0; g < count; g++)
            tally_own(probes, features, &gaps->items[first + g],
                      &(struct tally){words + 2 * g * m, words + (2 * g + 1) * m});
        share_sum(comm, words, count * 2 * m);
        for (int64_t g = 0; g < count; g++) {
            struct gap *gap = &gaps->items[first + g];
            const double *w = solution->coefficient + gap->behaviour * m;
            struct tally tally = {words + 2 * g * m, words + (2 * g + 1) * m};
            gap->n_active = list_active(config, features, w, gap, &tally, entries);
            judge(config, features, w, entries, gap);
            keep_evidence(gaps, first + g, w, entries, gap->n_active);
        }
        status = agree(comm, stop_requested()
                                 ? fail(STOPPED, "policy: stopped on request among gaps; run the same command again")
                                 : STATUS_OK);
    }
    memory_free(entries);
    memory_free(words);
    if (status != STATUS_OK)
        gaps_clear(gaps);
    return status;
}

void gaps_clear(struct gaps *gaps)
{
    memory_free(gaps->items);
    memory_free(gaps->feature);
    memory_free(gaps->coefficient);
    memory_free(gaps->mean);
    memory_free(gaps->share);
    *gaps = (struct gaps){0};
}
