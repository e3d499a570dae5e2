/* The baselines are those of their definitions: nearest neighbours by hand, ties and all; a ridge that meets a linear
 * behaviour exactly as λ goes to 0, wide or tall, and the mean as λ grows; Spearman by hand; of intervals, a constant's
 * is that constant. */
#include "mechanism/baselines.h"

#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "mechanism/policy_effect.h"
#include "mechanism/resample.h"

static void test_neighbours(void)
{
    static const double x[] = {0, 1, 2, 3, 4, 10}, y[] = {1, 2, 4, 8, 16, 32};
    const struct table_of_rows rows = {6, 1, 1, 3, x, y};
    double found[6] = {0};
    for (int64_t fold = 0; fold < 3; fold++)
        neighbours_predict(&rows, 2, fold, found);
    CHECK(found[0] == 3);   /* without rows 0 and 3: 1 and 2 */
    CHECK(found[1] == 2.5); /* without rows 1 and 4: 0 and 2, equally near */
    CHECK(found[2] == 5);   /* without rows 2 and 5: 1 and 3 */
    CHECK(found[3] == 10);  /* without rows 0 and 3: 2 and 4 */
    CHECK(found[5] == 12);  /* without rows 2 and 5: 4 and 3 */
    neighbours_predict(&rows, 1000, 0, found);
    CHECK(found[0] == (2 + 4 + 16 + 32) / 4.0); /* all there are */
}

/* y = 3 + x w; more rows than columns, or fewer. */
static void test_ridge(int64_t n, int64_t width)
{
    double *x = memory_allocate(n * width, sizeof *x), *y = memory_allocate(n, sizeof *y);
    double *found = memory_allocate(n, sizeof *found), sum = 0, worst = 0, spread = 0;
    uint64_t state = 5;
    for (int64_t i = 0; i < n; i++) {
        y[i] = 3;
        for (int64_t j = 0; j < width; j++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            x[i * width + j] = (double)(state >> 11) * 0x1p-53 - 0.5;
            y[i] += x[i * width + j] * (double)(j % 3 - 1);
        }
    }
    const struct table_of_rows rows = {n, width, 1, 4, x, y};
    double tiny[] = {1e-9, 1e3}, huge[] = {1e12};
    for (int64_t fold = 0; fold < 4; fold++)
        CHECK(ridge_predict(&rows, &(struct numbers){tiny, 2}, fold, found) == STATUS_OK);
    for (int64_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(found[i] - y[i]));
    CHECK(width > n || worst < 1e-6); /* a wide one has no row to spare */
    CHECK(ridge_predict(&rows, &(struct numbers){huge, 1}, 0, found) == STATUS_OK);
    int64_t n_fitted = 0;
    for (int64_t i = 0; i < n; i++)
        if (i % 4 != 0) {
            sum += y[i];
            n_fitted++;
        }
    for (int64_t i = 0; i < n; i += 4)
        spread = fmax(spread, fabs(found[i] - sum / (double)n_fitted));
    CHECK(spread < 1e-6);
    memory_free(found);
    memory_free(y);
    memory_free(x);
}

static void test_spearman(void)
{
    static const double a[] = {1, 2, 3, 4, 5}, b[] = {5, 6, 7, 8, 7}, flat[] = {2, 2, 2, 2, 2};
    CHECK(fabs(spearman(a, b, 5) - 0.8207826816681233) < 1e-15); /* scipy.stats.spearmanr */
    CHECK(spearman(a, a, 5) == 1);
    CHECK(isnan(spearman(a, flat, 5)));
}

static void test_interval(void)
{
    double values[40], low, high;
    struct resample resample;
    resample_init(&resample, 1, 40, 101, 0.9);
    for (int i = 0; i < 40; i++)
        values[i] = 0.25;
    resample_interval(&resample, values, &low, &high);
    CHECK(low == 0.25 && high == 0.25);
    for (int i = 0; i < 40; i++)
        values[i] = i % 2;
    resample_interval(&resample, values, &low, &high);
    CHECK(low > 0.25 && low < 0.5 && high > 0.5 && high < 0.75); /* 0.5 ± 1.6 · 0.08 */
    for (int64_t r = 0; r < 101; r++) {
        double n = 0;
        for (int64_t i = 0; i < 40; i++)
            n += resample.count[i * 101 + r];
        CHECK(n == 40);
    }
    resample_clear(&resample);
}

int main(void)
{
    test_neighbours();
    test_ridge(60, 5);
    test_ridge(20, 50);
    test_spearman();
    test_interval();
    return check_end();
}
