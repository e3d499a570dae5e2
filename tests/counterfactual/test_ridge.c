/* What the ridge says after a removal is what a fit without these rows says, solved in quadruple precision. */
#include "counterfactual/ridge.h"

#include <math.h>

#include "base/memory.h"
#include "check.h"
#include "exact/dense.h"

__extension__ typedef __float128 quad;

enum { ROWS = 60, SIZE = 7, OUTPUTS = 3, QUERIES = 4 };

static double z[ROWS * SIZE], t[ROWS * OUTPUTS];
static uint64_t state = 1;

static double draw(void) /* in (−1, 1) */
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(state >> 11) + 0.5) * 0x1p-52 - 1;
}

/* A fit made by hand: in one block. */
static struct ridge make(int64_t n_output)
{
    struct ridge ridge = {.n = ROWS,
                          .size = SIZE,
                          .n_output = n_output,
                          .n_query = QUERIES,
                          .lambda = 0.3,
                          .threshold = 0.1,
                          .gram = memory_allocate(SIZE * SIZE, sizeof(double)),
                          .right = memory_allocate(SIZE * n_output, sizeof(double)),
                          .factor = memory_allocate(SIZE * SIZE, sizeof(double)),
                          .coefficient = memory_allocate(SIZE * n_output, sizeof(double)),
                          .query = memory_allocate(QUERIES * SIZE, sizeof(double)),
                          .half = memory_allocate(QUERIES * SIZE, sizeof(double)),
                          .prediction = memory_allocate(QUERIES * n_output, sizeof(double)),
                          .predicted = memory_allocate(QUERIES, sizeof(int32_t)),
                          .margin = memory_allocate(QUERIES, sizeof(double))};
    struct removal all;
    removal_init(&ridge, &all);
    removal_add(&ridge, ROWS, z, t, NULL, NULL, &all);
    for (int64_t i = 0; i < SIZE; i++)
        for (int64_t j = 0; j <= i; j++)
            ridge.gram[i * SIZE + j] = ridge.gram[j * SIZE + i] =
                all.gram[i * SIZE + j] + (i == j && i > 0 ? ridge.lambda : 0);
    memcpy(ridge.right, all.right, (size_t)(SIZE * n_output) * sizeof(double));
    memcpy(ridge.factor, ridge.gram, sizeof(double) * SIZE * SIZE);
    memcpy(ridge.coefficient, ridge.right, (size_t)(SIZE * n_output) * sizeof(double));
    CHECK(dense_cholesky(SIZE, ridge.factor) == STATUS_OK);
    dense_solve_lower(SIZE, ridge.factor, n_output, ridge.coefficient);
    dense_solve_upper(SIZE, ridge.factor, n_output, ridge.coefficient);
    for (int64_t i = 0; i < QUERIES * SIZE; i++)
        ridge.query[i] = ridge.half[i] = i % SIZE == 0 ? 1 : draw();
    dense_solve_lower(SIZE, ridge.factor, QUERIES, ridge.half);
    dense_add_product(QUERIES, n_output, SIZE, ridge.query, SIZE, ridge.coefficient, SIZE, ridge.prediction, n_output);
    for (int64_t q = 0; q < QUERIES; q++) {
        ridge.predicted[q] = ridge_decide(&ridge, ridge.prediction + q * n_output);
        ridge.margin[q] = ridge_margin(&ridge, ridge.prediction + q * n_output, ridge.predicted[q]);
    }
    removal_clear(&all);
    return ridge;
}

/* Gauss and Jordan on A X = B, in place; positive definite systems need no pivots. */
static void solve(quad a[SIZE][SIZE + OUTPUTS])
{
    for (int k = 0; k < SIZE; k++) {
        for (int j = SIZE + OUTPUTS - 1; j >= k; j--)
            a[k][j] /= a[k][k];
        for (int i = 0; i < SIZE; i++)
            for (int j = SIZE + OUTPUTS - 1; j >= k && i != k; j--)
                a[i][j] -= a[i][k] * a[k][j];
    }
}

/* Outputs of the queries by a fit on the rows that are not gone. */
static void refit(const struct ridge *ridge, const bool *gone, double *f)
{
    quad a[SIZE][SIZE + OUTPUTS] = {{0}};
    int64_t k = ridge->n_output;
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < SIZE && !gone[r]; i++) {
            for (int j = 0; j < SIZE; j++)
                a[i][j] += (quad)z[r * SIZE + i] * (quad)z[r * SIZE + j];
            for (int64_t c = 0; c < k; c++)
                a[i][SIZE + c] += (quad)z[r * SIZE + i] * (quad)t[r * k + c];
        }
    for (int i = 1; i < SIZE; i++)
        a[i][i] += (quad)ridge->lambda;
    solve(a);
    for (int64_t q = 0; q < QUERIES; q++)
        for (int64_t c = 0; c < k; c++) {
            quad sum = 0;
            for (int i = 0; i < SIZE; i++)
                sum += (quad)ridge->query[q * SIZE + i] * a[i][SIZE + c];
            f[q * k + c] = (double)sum;
        }
}

static void ridge_release(struct ridge *ridge)
{
    ridge_clear(ridge);
    CHECK(ridge->gram == NULL);
}

static void check_single(int64_t outputs)
{
    struct ridge ridge = make(outputs);
    double u[ROWS * SIZE], h[ROWS], e[ROWS * OUTPUTS], change[ROWS * QUERIES], f[QUERIES * OUTPUTS], trace = 0;
    ridge_examine(&ridge, ROWS, z, t, u, h, e);
    ridge_leave_out(&ridge, ROWS, u, h, e, change);
    for (int i = 0; i < ROWS; i++) {
        bool gone[ROWS] = {false};
        gone[i] = true;
        trace += h[i];
        refit(&ridge, gone, f);
        for (int64_t q = 0; q < QUERIES; q++) {
            double margin = ridge_margin(&ridge, f + q * outputs, ridge.predicted[q]);
            CHECK(fabs(margin - ridge.margin[q] - change[i * QUERIES + q]) < 1e-13);
        }
    }
    CHECK(trace > 1 && trace < SIZE); /* degrees of freedom: the intercept is not penalised */
    ridge_release(&ridge);
}

static void check_group(int64_t outputs, int step)
{
    struct ridge ridge = make(outputs);
    double u[SIZE], h, e[OUTPUTS], prediction[QUERIES * OUTPUTS], additive[QUERIES * OUTPUTS];
    double f[QUERIES * OUTPUTS], added[QUERIES * OUTPUTS];
    bool gone[ROWS] = {false};
    struct removal removal;
    removal_init(&ridge, &removal);
    memcpy(added, ridge.prediction, (size_t)(QUERIES * outputs) * sizeof *added);
    for (int i = 0; i < ROWS; i += step) {
        bool one[ROWS] = {false};
        gone[i] = one[i] = true;
        ridge_examine(&ridge, 1, z + i * SIZE, t + i * outputs, u, &h, e);
        removal_add(&ridge, 1, z + i * SIZE, t + i * outputs, &h, e, &removal);
        refit(&ridge, one, f);
        for (int64_t k = 0; k < QUERIES * outputs; k++)
            added[k] += f[k] - ridge.prediction[k];
    }
    CHECK(removal_apply(&ridge, &removal, prediction, additive) == STATUS_OK);
    refit(&ridge, gone, f);
    double gap = 0;
    for (int64_t k = 0; k < QUERIES * outputs; k++) {
        CHECK(fabs(prediction[k] - f[k]) < 1e-12 && fabs(additive[k] - added[k]) < 1e-12);
        gap = fmax(gap, fabs(prediction[k] - additive[k]));
    }
    CHECK(gap > 1e-3); /* single effects do not add up: the two columns are not one */
    removal_clear(&removal);
    ridge_release(&ridge);
}

static void check_decisions(void)
{
    struct ridge several = {.n_output = 3}, single = {.n_output = 1, .threshold = 2};
    const double f[] = {1, 4, 4}, above[] = {5}, at[] = {2}, below[] = {1.5};
    CHECK(ridge_decide(&several, f) == 1 && ridge_margin(&several, f, 1) == 0 && ridge_margin(&several, f, 0) == -3);
    CHECK(ridge_decide(&single, above) == 1 && ridge_margin(&single, above, 1) == 3);
    CHECK(ridge_decide(&single, at) == 1 && ridge_decide(&single, below) == 0);
    CHECK(ridge_margin(&single, below, 0) == 0.5 && ridge_margin(&single, above, 0) == -3);
}

int main(void)
{
    for (int i = 0; i < ROWS * SIZE; i++)
        z[i] = i % SIZE == 0 ? 1 : draw() + (i % SIZE == 2);
    for (int i = 0; i < ROWS * OUTPUTS; i++)
        t[i] = draw() + z[i / OUTPUTS * SIZE + 1 + i % OUTPUTS];
    check_single(OUTPUTS);
    check_single(1);
    check_group(OUTPUTS, 7);
    check_group(OUTPUTS, 2); /* more rows than unknowns */
    check_group(1, 5);
    check_decisions();
    return check_end();
}
