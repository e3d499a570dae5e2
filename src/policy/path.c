#include "policy/path.h"

#include <math.h>

#include "base/memory.h"
#include "exact/diagnostics.h"

void path_init(struct path *path, const struct policy_config *config)
{
    int64_t n = config->lambda.n, m = config->behaviours.n;
    *path = (struct path){.n = n, .n_behaviour = m, .lambda = config->lambda.items, .chosen = -1};
    path->gcv = memory_allocate(n * m, sizeof *path->gcv);
    path->press = memory_allocate(n * m, sizeof *path->press);
    path->r2 = memory_allocate(n * m, sizeof *path->r2);
    path->degrees = memory_allocate(n, sizeof *path->degrees);
    path->criterion = memory_allocate(n, sizeof *path->criterion);
}

void path_clear(struct path *path)
{
    memory_free(path->gcv);
    memory_free(path->press);
    memory_free(path->r2);
    memory_free(path->degrees);
    memory_free(path->criterion);
    *path = (struct path){0};
}

static double press_of(int64_t n, const double *residual, const double *complement)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (complement[i] < PATH_LEAST_COMPLEMENT)
            return (double)INFINITY;
        double left_out = residual[i] / complement[i];
        sum += left_out * left_out;
    }
    return sum;
}

void path_measure(struct path *path, int64_t i, const struct behaviour *behaviour, const double *residual,
                  const double *complement, int choice)
{
    int64_t n = behaviour->n_probe, m = path->n_behaviour, n_judged = 0;
    double left = 0, criterion = 0;
    for (int64_t k = 0; k < n && complement != NULL; k++)
        left += complement[k];
    path->degrees[i] = complement != NULL ? (double)n - left : (double)NAN;
    for (int64_t b = 0; b < m; b++) {
        const double *y = behaviour->value + b * n, *e = residual + b * n;
        double square = 0, total = diagnose_total(n, y);
        for (int64_t k = 0; k < n; k++)
            square += e[k] * e[k];
        double gcv = (double)NAN, press = (double)NAN;
        if (complement != NULL) {
            gcv = left > (double)n * PATH_LEAST_COMPLEMENT ? (double)n * square / (left * left) : (double)INFINITY;
            press = press_of(n, e, complement);
        }
        path->gcv[i * m + b] = gcv;
        path->press[i * m + b] = press;
        path->r2[i * m + b] = total > 0 ? 1 - square / total : (double)NAN;
        if (total > 0) { /* a constant behaviour has no say */
            criterion += (choice == CHOOSE_LOO ? press : gcv) / total;
            n_judged++;
        }
    }
    path->criterion[i] = complement == NULL ? (double)NAN : n_judged > 0 ? criterion / (double)n_judged : 0;
}

bool path_is_better(const struct path *path, int64_t i, int choice)
{
    if (path->chosen < 0)
        return true;
    if (choice == CHOOSE_FIRST)
        return false;
    double found = path->criterion[i], best = path->criterion[path->chosen];
    return found < best || (found == best && path->lambda[i] > path->lambda[path->chosen]);
}
