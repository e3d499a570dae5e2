/* The norm of the inverse, estimated from a handful of solutions.  Not by pdpocon: ScaLAPACK 2.2 finds 2.5 for the
 * diagonal matrix of 1 to 11, whose condition is 11. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "matrix/system_parts.h"

enum { MAX_ROUNDS = 5 };

static double norm_1(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs(x[i]);
    return sum;
}

/* A vector that an unlucky matrix would have to be made for. */
static double alternating_estimate(const struct system *system, double *x)
{
    const int64_t n = system->n;
    for (int64_t i = 0; i < n; i++)
        x[i] = (i % 2 == 0 ? 1 : -1) * (1 + (n > 1 ? (double)i / (double)(n - 1) : 0));
    system_apply_inverse(system, 1, x);
    return 2 * norm_1(x, n) / (3 * (double)n);
}

static int64_t largest_at(const double *x, int64_t n)
{
    int64_t at = 0;
    for (int64_t i = 1; i < n; i++)
        at = fabs(x[i]) > fabs(x[at]) ? i : at;
    return at;
}

/* Climbs from column to column of the inverse, which is symmetric, along the gradient of the norm. */
double system_inverse_norm(const struct system *system)
{
    const int64_t n = system->n;
    double *x = memory_allocate(n, sizeof *x);
    const double unlucky = alternating_estimate(system, x);
    for (int64_t i = 0; i < n; i++)
        x[i] = 1 / (double)n;
    double estimate = 0;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        system_apply_inverse(system, 1, x);
        const double found = norm_1(x, n);
        if (!(found > estimate))
            break;
        estimate = found;
        for (int64_t i = 0; i < n; i++)
            x[i] = x[i] >= 0 ? 1 : -1;
        system_apply_inverse(system, 1, x);
        const int64_t column = largest_at(x, n);
        memset(x, 0, (size_t)n * sizeof *x);
        x[column] = 1;
    }
    memory_free(x);
    return estimate > unlucky ? estimate : unlucky;
}
