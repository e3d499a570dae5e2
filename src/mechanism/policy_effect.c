#include "mechanism/policy_effect.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

struct placed {
    double value;
    int64_t at;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return (left->at > right->at) - (left->at < right->at);
}

/* Twice the ranks, which are whole numbers; their mean is n + 1. */
static double *twice_ranks(const double *values, int64_t n)
{
    struct placed *placed = memory_allocate(n, sizeof *placed);
    double *ranks = memory_allocate(n, sizeof *ranks);
    for (int64_t i = 0; i < n; i++)
        placed[i] = (struct placed){values[i], i};
    qsort(placed, (size_t)n, sizeof *placed, compare_placed);
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && placed[end].value == placed[first].value;)
            end++;
        for (int64_t i = first; i < end; i++)
            ranks[placed[i].at] = (double)(first + end + 1);
    }
    memory_free(placed);
    return ranks;
}

double spearman(const double *a, const double *b, int64_t n)
{
    double *left = twice_ranks(a, n), *right = twice_ranks(b, n), middle = (double)(n + 1);
    double product = 0, left_square = 0, right_square = 0;
    for (int64_t i = 0; i < n; i++) {
        product += (left[i] - middle) * (right[i] - middle);
        left_square += (left[i] - middle) * (left[i] - middle);
        right_square += (right[i] - middle) * (right[i] - middle);
    }
    memory_free(left);
    memory_free(right);
    return left_square > 0 && right_square > 0 ? product / sqrt(left_square * right_square) : (double)NAN;
}

static double foresee(const struct scene *scene, const struct part *part, int64_t b)
{
    const struct policy_facts *policy = &scene->policy;
    if (!policy->there || part->n_member == 0 || b < 0 || (scene->network && part->kind != PART_FEATURE))
        return (double)NAN;
    double sum = 0;
    for (int64_t k = part->first_member; k < part->first_member + part->n_member; k++) {
        int64_t j = scene->parts.members[k];
        sum += policy->coefficient[b * policy->n_feature + j] * policy->mean[j];
    }
    return sum;
}

void policy_effect_find(const struct scene *scene, const struct effects *measured, double *effect, double *agreement)
{
    int64_t n = scene->parts.n, m = scene->n_behaviour;
    double *known = memory_allocate(n, sizeof *known), *found = memory_allocate(n, sizeof *found);
    for (int64_t b = 0; b < m; b++) {
        int64_t of = policy_facts_behaviour(&scene->policy, scene->behaviours[b]), count = 0;
        for (int64_t p = 0; p < n; p++) {
            effect[b * n + p] = foresee(scene, &scene->parts.items[p], of);
            if (!isnan(effect[b * n + p]) && measured->there) {
                known[count] = effect[b * n + p];
                found[count++] = effects_field(measured, EFFECT_MEAN)[b * n + p];
            }
        }
        agreement[b] = count >= 3 ? spearman(known, found, count) : (double)NAN;
    }
    memory_free(found);
    memory_free(known);
}
