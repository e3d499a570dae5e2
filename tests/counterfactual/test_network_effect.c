/* Sums of scores are exact, the bootstrap draws Poisson numbers that depend on seed and row alone, and its spread is
 * that of a sum of so many draws; without all scores only what is kept is known. */
#include "counterfactual/network_effect.h"

#include <math.h>

#include "base/memory.h"
#include "check.h"

enum { REPLICATES = 400, ROWS = 300 };

static struct network_effect effect_of(double values[4][2], uint8_t kinds[2])
{
    return (struct network_effect){values[0], values[1], values[2], values[3], kinds};
}

static void check_weights(void)
{
    double count[6] = {0}, expected = exp(-1.0);
    uint8_t weight[REPLICATES], again[REPLICATES];
    for (int64_t row = 0; row < 1000; row++) {
        network_weights(7, row, REPLICATES, weight);
        for (int r = 0; r < REPLICATES; r++)
            count[weight[r] < 5 ? weight[r] : 5]++;
    }
    for (int k = 0; k < 5; k++) {
        double share = count[k] / (1000.0 * REPLICATES), error = sqrt(expected / (1000.0 * REPLICATES));
        CHECK(fabs(share - expected) < 5 * error);
        expected /= k + 1;
    }
    network_weights(7, 999, REPLICATES / 2, again);
    CHECK(memcmp(weight, again, REPLICATES / 2) == 0);
    network_weights(8, 999, REPLICATES, again);
    CHECK(memcmp(weight, again, REPLICATES) != 0);
}

static void check_spread(void)
{
    struct network_sum sum;
    uint8_t weight[REPLICATES], kinds[2];
    double values[4][2], square = 0, mean = 0;
    network_sum_init(2, REPLICATES, &sum);
    for (int64_t row = 0; row < ROWS; row++) {
        double score[2] = {(double)((row * 7) % 13) - 3, 1};
        mean += score[0] / ROWS;
        square += score[0] * score[0] / ROWS;
        network_weights(1, row, REPLICATES, weight);
        CHECK(network_sum_add(&sum, score, weight) == STATUS_OK);
    }
    struct network_effect effect = effect_of(values, kinds);
    network_sum_effect(&sum, &effect);
    double expected = sqrt(ROWS * (square - mean * mean));
    CHECK(fabs(effect.change[0] - ROWS * mean) < 1e-9 && effect.change[1] == ROWS);
    CHECK(fabs(effect.error[0] / expected - 1) < 0.12 && effect.error[1] < 1e-9); /* equal scores: no spread at all */
    CHECK(fabs((effect.high[0] - effect.low[0]) / (2 * 1.645 * expected) - 1) < 0.15);
    CHECK(kinds[0] == UNCERTAINTY_BOOTSTRAP);
    network_sum_clear(&sum);
}

static void check_exact(void)
{
    const double terms[] = {1e16, 1, -1e16, 0x1p-60};
    struct network_sum sum;
    double values[4][2];
    uint8_t kinds[2];
    network_sum_init(1, 0, &sum);
    for (int i = 0; i < 4; i++)
        CHECK(network_sum_add(&sum, &terms[i], NULL) == STATUS_OK);
    const double wrong = INFINITY;
    CHECK_FAILS(network_sum_add(&sum, &wrong, NULL), BAD_INPUT, "/scores");
    struct network_effect effect = effect_of(values, kinds);
    network_sum_effect(&sum, &effect);
    CHECK(effect.change[0] == 1); /* 1 + 2^-60, rounded once */
    CHECK(isnan(effect.error[0]) && isnan(effect.low[0]) && kinds[0] == UNCERTAINTY_NONE);
    network_sum_clear(&sum);
}

/* One query, two proponents and one opponent kept, two checkpoints. */
static void check_kept(void)
{
    int64_t proponents[] = {4, 9}, opponents[] = {2, -1}, both[] = {2, 4}, other[] = {4, 5};
    double strong[] = {3, 1}, weak[] = {-2, 0}, parts[] = {2, 1, 0.5, 0.5}, low_parts[] = {-1, -1, 0, 0};
    struct scores scores = {.n_train = 10,
                            .n_query = 1,
                            .top = 2,
                            .n_checkpoint = 2,
                            .index = {proponents, opponents},
                            .score = {strong, weak},
                            .by_checkpoint = {parts, low_parts}};
    struct scenario scenario = {.members = both, .n_member = 2};
    struct condition condition = {0, 1};
    struct group_column column = {.n_value = 2};
    const double totals[] = {10, -7};
    double values[4][2];
    uint8_t kinds[2];
    struct network_effect effect = effect_of(values, kinds);
    network_effect_kept(&scores, &scenario, NULL, NULL, &effect);
    CHECK(effect.change[0] == 1 && isnan(effect.error[0]));
    scenario.members = other;
    network_effect_kept(&scores, &scenario, NULL, NULL, &effect);
    CHECK(isnan(effect.change[0]));
    struct scenario group = {.conditions = &condition, .n_condition = 1};
    network_effect_kept(&scores, &group, &column, totals, &effect);
    CHECK(effect.change[0] == -7);
    group.members = both;
    group.n_member = 2; /* a group and more: no total speaks of both */
    network_effect_kept(&scores, &group, &column, totals, &effect);
    CHECK(isnan(effect.change[0]));
    effect.change[0] = 3;
    network_effect_spread(&scores, 4, &effect); /* parts 2 and 1: deviation √½ each, √2 of them */
    CHECK(fabs(effect.error[0] - 1) < 1e-15 && kinds[0] == UNCERTAINTY_CHECKPOINTS);
    CHECK(fabs(effect.high[0] - effect.low[0] - 2 * 1.6448536269514722) < 1e-14);
}

int main(void)
{
    check_weights();
    check_spread();
    check_exact();
    check_kept();
    return check_end();
}
