#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "exact/dense.h"
#include "mechanism/baselines.h"

/* ---- ridge --------------------------------------------------------------------------------------------------------
 */

/* The rows to fit on, centred, and the small symmetric matrix of features (primal) or of rows (dual). */
struct fitting {
    const struct table_of_rows *rows;
    int64_t fold, n, width, side; /* n: rows fitted on */
    bool primal;
    double *x, *centre; /* owned; n × width, width */
    double *y, *mean;   /* owned; n_behaviour × n, centred; n_behaviour */
    double *gram;       /* owned; side × side: both triangles */
    double *factor, *inverse, *solution;
};

static bool is_fitted(const struct fitting *fitting, int64_t i)
{
    return i % fitting->rows->n_fold != fitting->fold;
}

static void take_rows(struct fitting *fitting)
{
    const struct table_of_rows *rows = fitting->rows;
    int64_t width = rows->width, at = 0;
    for (int64_t i = 0; i < rows->n; i++)
        if (is_fitted(fitting, i)) {
            memcpy(fitting->x + at * width, rows->x + i * width, (size_t)width * sizeof *fitting->x);
            for (int64_t j = 0; j < width; j++)
                fitting->centre[j] += rows->x[i * width + j];
            for (int64_t b = 0; b < rows->n_behaviour; b++) {
                fitting->y[b * fitting->n + at] = rows->y[b * rows->n + i];
                fitting->mean[b] += rows->y[b * rows->n + i];
            }
            at++;
        }
    for (int64_t j = 0; j < width; j++)
        fitting->centre[j] /= (double)fitting->n;
    for (int64_t b = 0; b < rows->n_behaviour; b++)
        fitting->mean[b] /= (double)fitting->n;
    for (int64_t i = 0; i < fitting->n; i++)
        for (int64_t j = 0; j < width; j++)
            fitting->x[i * width + j] -= fitting->centre[j];
    for (int64_t b = 0; b < rows->n_behaviour; b++)
        for (int64_t i = 0; i < fitting->n; i++)
            fitting->y[b * fitting->n + i] -= fitting->mean[b];
}

static void make_gram(struct fitting *fitting)
{
    int64_t n = fitting->n, width = fitting->width;
    if (!fitting->primal) {
        dense_add_product(n, n, width, fitting->x, width, fitting->x, width, fitting->gram, n);
        return;
    }
    double *transposed = memory_allocate_raw(n * width, sizeof *transposed);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            transposed[j * n + i] = fitting->x[i * width + j];
    dense_add_product(width, width, n, transposed, n, transposed, n, fitting->gram, width);
    memory_free(transposed);
}

static void fitting_init(const struct table_of_rows *rows, int64_t fold, struct fitting *fitting)
{
    int64_t n = 0, m = rows->n_behaviour, width = rows->width;
    *fitting = (struct fitting){.rows = rows, .fold = fold, .width = width};
    for (int64_t i = 0; i < rows->n; i++)
        n += is_fitted(fitting, i);
    fitting->n = n;
    fitting->primal = width <= n;
    fitting->side = fitting->primal ? width : n;
    int64_t square = fitting->side * fitting->side;
    fitting->x = memory_allocate(n * width, sizeof *fitting->x);
    fitting->centre = memory_allocate(width, sizeof *fitting->centre);
    fitting->y = memory_allocate(m * n, sizeof *fitting->y);
    fitting->mean = memory_allocate(m, sizeof *fitting->mean);
    fitting->gram = memory_allocate(square, sizeof *fitting->gram);
    fitting->factor = memory_allocate(square, sizeof *fitting->factor);
    fitting->inverse = memory_allocate(square, sizeof *fitting->inverse);
    fitting->solution = memory_allocate(m * fitting->side, sizeof *fitting->solution);
    take_rows(fitting);
    make_gram(fitting);
}

static void fitting_clear(struct fitting *fitting)
{
    double *const arrays[] = {fitting->x,    fitting->centre, fitting->y,       fitting->mean,
                              fitting->gram, fitting->factor, fitting->inverse, fitting->solution};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memory_free(arrays[i]);
}

/* solution: per behaviour the weights of the features (primal) or of the rows (dual); returns the trace of the inverse
 * in *trace. */
static enum status solve(struct fitting *fitting, double lambda, double *trace)
{
    int64_t side = fitting->side, m = fitting->rows->n_behaviour, n = fitting->n;
    memcpy(fitting->factor, fitting->gram, (size_t)(side * side) * sizeof *fitting->factor);
    for (int64_t j = 0; j < side; j++)
        fitting->factor[j * side + j] += lambda;
    enum status status = dense_cholesky(side, fitting->factor);
    if (status != STATUS_OK)
        return status;
    dense_inverse(side, fitting->factor, fitting->inverse);
    *trace = 0;
    for (int64_t j = 0; j < side; j++)
        *trace += fitting->inverse[j * side + j];
    for (int64_t b = 0; b < m; b++) {
        double *right = fitting->solution + b * side;
        memset(right, 0, (size_t)side * sizeof *right);
        for (int64_t i = 0; i < n; i++)
            if (fitting->primal)
                for (int64_t j = 0; j < side; j++)
                    right[j] += fitting->x[i * side + j] * fitting->y[b * n + i];
            else
                right[i] = fitting->y[b * n + i];
    }
    dense_solve_lower(side, fitting->factor, m, fitting->solution);
    dense_solve_upper(side, fitting->factor, m, fitting->solution);
    return STATUS_OK;
}

/* weight[width] of behaviour b. */
static void get_weights(const struct fitting *fitting, int64_t b, double *weight)
{
    const double *solution = fitting->solution + b * fitting->side;
    memset(weight, 0, (size_t)fitting->width * sizeof *weight);
    if (fitting->primal)
        memcpy(weight, solution, (size_t)fitting->width * sizeof *weight);
    for (int64_t i = 0; i < fitting->n && !fitting->primal; i++)
        for (int64_t j = 0; j < fitting->width; j++)
            weight[j] += solution[i] * fitting->x[i * fitting->width + j];
}

static double predict_row(const struct fitting *fitting, const double *x, const double *weight)
{
    double sum = 0;
    for (int64_t j = 0; j < fitting->width; j++)
        sum += x[j] * weight[j];
    return sum;
}

/* n |e|² / (n − degrees of freedom)², the intercept being one; infinite where none are left. */
static double judge(const struct fitting *fitting, int64_t b, const double *weight, double lambda, double trace)
{
    double square = 0, free = (double)(fitting->n - 1) - ((double)fitting->side - lambda * trace);
    for (int64_t i = 0; i < fitting->n; i++) {
        double error = fitting->y[b * fitting->n + i] - predict_row(fitting, fitting->x + i * fitting->width, weight);
        square += error * error;
    }
    return free > 0 ? (double)fitting->n * square / (free * free) : (double)INFINITY;
}

static void predict_fold(const struct fitting *fitting, int64_t b, const double *weight, double *prediction)
{
    const struct table_of_rows *rows = fitting->rows;
    double *x = memory_allocate(rows->width, sizeof *x);
    for (int64_t i = 0; i < rows->n; i++) {
        if (is_fitted(fitting, i))
            continue;
        for (int64_t j = 0; j < rows->width; j++)
            x[j] = rows->x[i * rows->width + j] - fitting->centre[j];
        prediction[b * rows->n + i] = fitting->mean[b] + predict_row(fitting, x, weight);
    }
    memory_free(x);
}

enum status ridge_predict(const struct table_of_rows *rows, const struct numbers *lambda, int64_t fold,
                          double *prediction)
{
    struct fitting fitting;
    fitting_init(rows, fold, &fitting);
    double *best = memory_allocate(rows->n_behaviour, sizeof *best),
           *at = memory_allocate(rows->n_behaviour, sizeof *at);
    double *weight = memory_allocate(rows->width, sizeof *weight);
    enum status status = STATUS_OK;
    for (int64_t c = 0; c < lambda->n && status == STATUS_OK; c++) {
        double value = lambda->items[c], trace = 0;
        status = solve(&fitting, value, &trace);
        for (int64_t b = 0; b < rows->n_behaviour && status == STATUS_OK; b++) {
            get_weights(&fitting, b, weight);
            double score = judge(&fitting, b, weight, value, trace);
            if (c > 0 && (score > best[b] || (score == best[b] && value < at[b])))
                continue;
            best[b] = score;
            at[b] = value;
            predict_fold(&fitting, b, weight, prediction);
        }
    }
    memory_free(weight);
    memory_free(at);
    memory_free(best);
    fitting_clear(&fitting);
    return status;
}

/* ---- nearest neighbours -------------------------------------------------------------------------------------------
 */

struct neighbour {
    double distance;
    int64_t row;
};

static int compare_neighbours(const void *a, const void *b)
{
    const struct neighbour *left = a, *right = b;
    if (left->distance != right->distance)
        return left->distance < right->distance ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

static double squared_distance(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

void neighbours_predict(const struct table_of_rows *rows, int64_t n_neighbour, int64_t fold, double *prediction)
{
    struct neighbour *all = memory_allocate(rows->n, sizeof *all);
    for (int64_t i = fold; i < rows->n; i += rows->n_fold) {
        int64_t n = 0;
        for (int64_t k = 0; k < rows->n; k++)
            if (k % rows->n_fold != fold)
                all[n++] = (struct neighbour){
                    squared_distance(rows->x + i * rows->width, rows->x + k * rows->width, rows->width), k};
        qsort(all, (size_t)n, sizeof *all, compare_neighbours);
        int64_t taken = n_neighbour < n ? n_neighbour : n;
        for (int64_t b = 0; b < rows->n_behaviour; b++) {
            double sum = 0;
            for (int64_t k = 0; k < taken; k++)
                sum += rows->y[b * rows->n + all[k].row];
            prediction[b * rows->n + i] = sum / (double)taken;
        }
    }
    memory_free(all);
}
