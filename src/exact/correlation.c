#include "exact/correlation.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

/* The mean of equal numbers may be rounded: what is left around it is nothing. */
static bool is_constant(int64_t n, const double *x)
{
    int64_t i = 1;
    while (i < n && x[i] == x[0])
        i++;
    return i >= n;
}

double correlate(int64_t n, const double *x, const double *y)
{
    if (is_constant(n, x) || is_constant(n, y))
        return (double)NAN;
    double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (int64_t i = 0; i < n; i++) {
        mean_x += x[i];
        mean_y += y[i];
    }
    mean_x /= (double)n;
    mean_y /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double a = x[i] - mean_x, b = y[i] - mean_y;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx) / sqrt(yy) : (double)NAN;
}

struct placed {
    double value;
    int64_t index;
};

static int compare(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;
    return (left->value > right->value) - (left->value < right->value);
}

void rank_of(int64_t n, const double *x, double *rank)
{
    struct placed *all = memory_allocate(n, sizeof *all);
    for (int64_t i = 0; i < n; i++)
        all[i] = (struct placed){x[i], i};
    qsort(all, (size_t)n, sizeof *all, compare);
    for (int64_t first = 0, last; first < n; first = last) {
        for (last = first + 1; last < n && all[last].value <= all[first].value;)
            last++;
        for (int64_t i = first; i < last; i++)
            rank[all[i].index] = (double)(first + last - 1) / 2;
    }
    memory_free(all);
}

double correlate_ranks(int64_t n, const double *x, const double *y)
{
    double *rank = memory_allocate(2 * n, sizeof *rank);
    rank_of(n, x, rank);
    rank_of(n, y, rank + n);
    double found = correlate(n, rank, rank + n);
    memory_free(rank);
    return found;
}
