/* Correlations are those of textbooks: perfect ones are ±1, ties share their ranks, and a constant has none. */
#include "exact/correlation.h"

#include <math.h>

#include "check.h"

static bool close(double a, double b)
{
    return fabs(a - b) < 1e-15;
}

static void check_ranks(void)
{
    const double x[] = {3, -1, 3, 7, 3, -1};
    const double expected[] = {3, 0.5, 3, 5, 3, 0.5};
    double rank[6];
    rank_of(6, x, rank);
    for (int i = 0; i < 6; i++)
        CHECK(close(rank[i], expected[i]));
}

static void check_pearson(void)
{
    const double x[] = {1, 2, 3, 4}, up[] = {-1, 1, 3, 5}, down[] = {8, 6, 4, 2}, flat[] = {2, 2, 2, 2};
    const double bent[] = {1, 0, 0, 1}, tilted[] = {0, 0, 0, 1};
    CHECK(close(correlate(4, x, up), 1));
    CHECK(close(correlate(4, x, down), -1));
    CHECK(close(correlate(4, x, bent), 0));
    CHECK(close(correlate(4, x, tilted), 1.5 / sqrt(5 * 0.75)));
    CHECK(isnan(correlate(4, x, flat)) && isnan(correlate(4, flat, x)));
    CHECK(isnan(correlate(1, x, up)));
    const double tenths[] = {0.1, 0.1, 0.1}; /* whose sum is no three tenths */
    CHECK(isnan(correlate(3, tenths, x)) && isnan(correlate(3, x, tenths)));
}

static void check_spearman(void)
{
    const double x[] = {1, 2, 3, 4, 5}, monotone[] = {-9, 0, 1, 50, 1e9}, shuffled[] = {2, 1, 4, 3, 5};
    const double tied[] = {1, 1, 2, 2, 3};
    CHECK(close(correlate_ranks(5, x, monotone), 1));
    CHECK(close(correlate_ranks(5, x, shuffled), 1 - 6.0 * 4 / (5 * 24))); /* 1 − 6 Σ d² / (n (n² − 1)) */
    CHECK(close(correlate_ranks(5, x, tied), 9 / sqrt(10 * 9)));           /* of ranks ½ ½ 2½ 2½ 4 */
}

int main(void)
{
    check_ranks();
    check_pearson();
    check_spearman();
    return check_end();
}
