/* R², AUC and log loss are those of their definitions, ties, constants and one-sided classes included, and of the
 * candidates the one with the least criterion is chosen, ties to the larger λ. */
#include "exact/diagnostics.h"
#include "policy/path.h"

#include <math.h>

#include "base/memory.h"
#include "check.h"

enum { N = 200 };

static uint64_t state = 7;
static double draw(void) /* in [0, 1) */
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 11) * 0x1p-53;
}

static double slow_auc(int n, const double *y, const double *p)
{
    double wins = 0, pairs = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            if (y[i] >= 0.5 && y[k] < 0.5) {
                pairs++;
                wins += p[i] > p[k] ? 1 : p[i] == p[k] ? 0.5 : 0;
            }
    return wins / pairs;
}

static void test_auc(void)
{
    double y[N], p[N];
    for (int levels = 1; levels <= 1000; levels *= 10) {
        for (int i = 0; i < N; i++) {
            y[i] = draw();
            p[i] = floor(draw() * levels) / levels;
        }
        for (int n = 2; n <= N; n += 33) {
            double auc = diagnose_auc(n, y, p), slow = slow_auc(n, y, p);
            CHECK(auc == slow || (isnan(auc) && isnan(slow)));
        }
    }
    const double labels[] = {0.5, 0.4999, 0.7}, up[] = {2, 1, 3}, down[] = {1, 2, 0}, same[] = {1, 1, 1};
    CHECK(diagnose_auc(3, labels, up) == 1 && diagnose_auc(3, labels, down) == 0 &&
          diagnose_auc(3, labels, same) == 0.5);
    const double one[] = {0.9, 0.8};
    CHECK(isnan(diagnose_auc(2, one, up)));
    const double unknown[] = {2, (double)NAN, 3};
    CHECK(isnan(diagnose_auc(3, labels, unknown)));
}

static void test_r2(void)
{
    double y[N], p[N];
    long double mean = 0, total = 0, square = 0;
    for (int i = 0; i < N; i++) {
        y[i] = draw();
        p[i] = y[i] + 0.1 * draw();
        mean += y[i] / (long double)N;
    }
    for (int i = 0; i < N; i++) {
        total += (y[i] - mean) * (y[i] - mean);
        square += ((long double)y[i] - p[i]) * ((long double)y[i] - p[i]);
    }
    CHECK(fabs(diagnose_r2(N, y, p) - (double)(1 - square / total)) < 1e-13);
    CHECK(diagnose_r2(N, y, y) == 1);
    for (int i = 0; i < N; i++)
        p[i] = 0.1; /* the mean of so many is not quite 0.1 */
    CHECK(isnan(diagnose_r2(N, p, y)) && diagnose_total(N, p) == 0);
    p[3] = (double)NAN;
    CHECK(isnan(diagnose_r2(N, y, p)) && !signbit(diagnose_r2(N, y, p)));
}

static void test_log_loss(void)
{
    const double y[] = {1, 0, 0.5, 0.49}, p[] = {0.8, 0.1, 7, -3};
    double expected = -(log(0.8) + log(0.9) + log(1 - 1e-6) + log(1 - 1e-6)) / 4;
    CHECK(fabs(diagnose_log_loss(4, y, p) - expected) < 1e-14);
    const double wrong[] = {0, 1, 0, 1};
    expected = -(log(1e-6) * 4) / 4;
    CHECK(fabs(diagnose_log_loss(4, y, wrong) - expected) < 1e-9);
}

/* ---- the path --------------------------------------------------------------------------------------------------- */

enum { PROBES = 4 };
static double lambdas[] = {1, 10, 0.1};
static char *names[] = {"a", "b"};

static void test_path(void)
{
    double y[2 * PROBES] = {1, 2, 3, 6, 5, 5, 5, 5}, centre[2] = {3, 5};
    struct behaviour behaviour = {.n = 2, .n_probe = PROBES, .value = y, .centre = centre};
    struct policy_config config = {.lambda = {lambdas, 3}, .behaviours = {names, 2}};
    const double residual[2 * PROBES] = {1, -1, 0.5, -0.5, 0, 0, 0, 0}, complement[PROBES] = {0.5, 0.25, 0.5, 0.75};
    struct path path;
    path_init(&path, &config);
    path_measure(&path, 0, &behaviour, residual, complement, CHOOSE_GCV);
    CHECK(path.degrees[0] == 2 && path.gcv[0] == PROBES * 2.5 / 4 && path.gcv[1] == 0);
    double press = 4 + 16 + 1 + 4.0 / 9;
    CHECK(fabs(path.press[0] - press) < 1e-14 && path.r2[0] == 1 - 2.5 / 14 && isnan(path.r2[1]));
    CHECK(path.criterion[0] == path.gcv[0] / 14); /* the constant one has no say */
    path_measure(&path, 0, &behaviour, residual, complement, CHOOSE_LOO);
    CHECK(path.criterion[0] == path.press[0] / 14);
    path_measure(&path, 1, &behaviour, residual, NULL, CHOOSE_GCV);
    CHECK(isnan(path.degrees[1]) && isnan(path.gcv[2]) && isnan(path.criterion[1]) && path.r2[2] == path.r2[0]);
    const double whole[PROBES] = {0.5, 0, 0.5, 0.5};
    path_measure(&path, 2, &behaviour, residual, whole, CHOOSE_LOO);
    CHECK(isinf(path.press[4]) && isinf(path.criterion[2]) && isfinite(path.gcv[4]));
    path_clear(&path);
}

static void test_choice(void)
{
    struct policy_config config = {.lambda = {lambdas, 3}, .behaviours = {names, 1}};
    struct path path;
    path_init(&path, &config);
    CHECK(path_is_better(&path, 0, CHOOSE_GCV));
    path.chosen = 0;
    path.criterion[0] = 2;
    path.criterion[1] = 2;
    path.criterion[2] = 2;
    CHECK(path_is_better(&path, 1, CHOOSE_GCV) && !path_is_better(&path, 2, CHOOSE_GCV)); /* 10 > 1 > 0.1 */
    path.criterion[2] = 1.9;
    CHECK(path_is_better(&path, 2, CHOOSE_LOO) && !path_is_better(&path, 2, CHOOSE_FIRST));
    path.criterion[0] = (double)INFINITY;
    path.criterion[2] = (double)INFINITY;
    CHECK(path_is_better(&path, 1, CHOOSE_LOO) && !path_is_better(&path, 2, CHOOSE_LOO));
    path_clear(&path);
}

int main(void)
{
    test_auc();
    test_r2();
    test_log_loss();
    test_path();
    test_choice();
    return check_end();
}
