#include "mechanism/policy_model.h"

#include <string.h>

#include "base/memory.h"
#include "exact/rng.h"
#include "mechanism/resample.h"

/* Feature j on every probe.  Sparse rows are searched: their columns ascend. */
static double feature_at(const struct rows *rows, int64_t i, int64_t j)
{
    if (rows_are_dense(rows))
        return rows->dense[i * rows->n_column + j];
    int64_t first = rows->start[i], end = rows->start[i + 1];
    while (first < end) {
        int64_t middle = first + (end - first) / 2;
        if (rows->column[middle] < j)
            first = middle + 1;
        else
            end = middle;
    }
    return first < rows->start[i + 1] && rows->column[first] == j ? rows->value[first] : 0;
}

void policy_model_after(const struct scene *scene, int intervention, const int64_t *members, int64_t n_member,
                        double *after)
{
    const struct policy_facts *policy = &scene->policy;
    int64_t m = scene->n_behaviour, n = scene->n_probe;
    for (int64_t i = 0; i < n; i++)
        for (int64_t b = 0; b < m; b++)
            after[i * m + b] = scene->intact[b * n + i];
    for (int64_t k = 0; k < n_member; k++) {
        int64_t j = members[k];
        double to = intervention == INTERVENTION_MEAN ? policy->mean[j] : 0;
        for (int64_t i = 0; i < n; i++) {
            double change = to - feature_at(scene->request->features, i, j);
            for (int64_t b = 0; b < m; b++)
                after[i * m + b] += change * policy->coefficient[b * policy->n_feature + j];
        }
    }
}

/* The features to draw from: active ones that are not members.  Returns how many. */
static int64_t list_candidates(const struct scene *scene, const struct part *part, int64_t *candidates)
{
    const struct policy_facts *policy = &scene->policy;
    const int64_t *members = scene->parts.members + part->first_member;
    int64_t n = 0, next = 0; /* members ascend */
    for (int64_t j = 0; j < policy->n_feature; j++) {
        if (next < part->n_member && members[next] == j)
            next++;
        else if (policy->active[j] > 0)
            candidates[n++] = j;
    }
    return n;
}

int64_t policy_model_controls(const struct scene *scene, int intervention, int64_t p, double *control)
{
    const struct part *part = &scene->parts.items[p];
    int64_t m = scene->n_behaviour, n = scene->n_probe, n_control = scene->config->n_control;
    int64_t *candidates = memory_allocate(scene->policy.n_feature, sizeof *candidates);
    int64_t n_candidate = list_candidates(scene, part, candidates);
    double *after = memory_allocate(n * m, sizeof *after);
    if (n_candidate < part->n_member)
        n_control = 0;
    for (int64_t r = 0; r < n_control && control != NULL; r++) {
        struct rng rng;
        rng_init(&rng, scene->config->seed, STREAM_RANDOM_PARTS, part->row * scene->config->n_control + r);
        for (int64_t k = 0; k < part->n_member; k++) { /* the first ones of a shuffle */
            int64_t other = k + rng_below(&rng, (uint32_t)(n_candidate - k)), swapped = candidates[k];
            candidates[k] = candidates[other];
            candidates[other] = swapped;
        }
        policy_model_after(scene, intervention, candidates, part->n_member, after);
        for (int64_t b = 0; b < m; b++) {
            double sum = 0;
            for (int64_t i = 0; i < n; i++)
                sum += scene->intact[b * n + i] - after[i * m + b];
            control[b * n_control + r] = sum / (double)n;
        }
    }
    memory_free(after);
    memory_free(candidates);
    return n_control;
}

void policy_model_rebuild(const struct scene *scene, int64_t b, const int64_t *order, const int64_t *k, int64_t n_k,
                          double *rebuilt)
{
    const struct policy_facts *policy = &scene->policy;
    int64_t n = scene->n_probe, kept = 0;
    const double *w = policy->coefficient + b * policy->n_feature;
    double base = policy->intercept[b], *now = memory_allocate(n, sizeof *now);
    for (int64_t j = 0; j < policy->n_feature; j++)
        base += w[j] * policy->mean[j];
    for (int64_t i = 0; i < n; i++)
        now[i] = base;
    for (int64_t step = 0; step < n_k; step++) {
        for (; kept < k[step]; kept++) {
            int64_t j = order[kept];
            for (int64_t i = 0; i < n && w[j] != 0; i++)
                now[i] += w[j] * (feature_at(scene->request->features, i, j) - policy->mean[j]);
        }
        memcpy(rebuilt + step * n, now, (size_t)n * sizeof *now);
    }
    memory_free(now);
}
