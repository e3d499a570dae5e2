#include "exact/diagnostics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "exact/elementary.h"

double diagnose_total(int64_t n, const double *y)
{
    double mean = 0, sum = 0;
    for (int64_t i = 0; i < n; i++)
        mean += y[i];
    mean /= (double)n;
    bool constant = true;
    for (int64_t i = 0; i < n; i++) {
        sum += (y[i] - mean) * (y[i] - mean);
        constant = constant && y[i] == y[0];
    }
    return constant ? 0 : sum; /* the mean of equal numbers may be rounded */
}

double diagnose_r2(int64_t n, const double *y, const double *p)
{
    double sum = 0, total = diagnose_total(n, y);
    for (int64_t i = 0; i < n; i++)
        sum += (y[i] - p[i]) * (y[i] - p[i]);
    return total > 0 && isfinite(sum) ? 1 - sum / total : (double)NAN;
}

struct scored {
    double prediction;
    int positive;
};

static int compare(const void *a, const void *b)
{
    double left = ((const struct scored *)a)->prediction, right = ((const struct scored *)b)->prediction;
    return (left > right) - (left < right);
}

double diagnose_auc(int64_t n, const double *y, const double *p)
{
    for (int64_t i = 0; i < n; i++)
        if (isnan(p[i]))
            return (double)NAN;
    struct scored *items = memory_allocate(n, sizeof *items);
    for (int64_t i = 0; i < n; i++)
        items[i] = (struct scored){p[i], y[i] >= 0.5};
    qsort(items, (size_t)n, sizeof *items, compare);
    int64_t n_positive = 0, n_negative = 0, twice = 0; /* twice: wins count 2, ties 1 */
    for (int64_t first = 0, last; first < n; first = last) {
        int64_t positive = 0;
        for (last = first; last < n && items[last].prediction == items[first].prediction; last++)
            positive += items[last].positive;
        int64_t negative = last - first - positive;
        twice += positive * (2 * n_negative + negative);
        n_positive += positive;
        n_negative += negative;
    }
    memory_free(items);
    return n_positive > 0 && n_negative > 0 ? (double)twice / (2.0 * (double)n_positive * (double)n_negative)
                                            : (double)NAN;
}

double diagnose_log_loss(int64_t n, const double *y, const double *p)
{
    const double least = 1e-6;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double clipped = fmin(fmax(p[i], least), 1 - least);
        sum -= exact_log(y[i] >= 0.5 ? clipped : 1 - clipped);
    }
    return sum / (double)n;
}
