/* A small policy and a change of it, and its refit in quadruple precision from the normal equations alone. */
#ifndef ASSAY_TESTS_POLICY_SHIFT_SCENE_H
#define ASSAY_TESTS_POLICY_SHIFT_SCENE_H

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "exact/rows.h"
#include "policy/shift.h"

__extension__ typedef __float128 quad;

/* n_probe × n_feature features of which `density` are not 0; `changed` features move by about `size` in `part` of the
 * probes. */
struct scene_shape {
    int64_t n_probe, n_feature, n_behaviour, changed;
    double density, part, size, lambda;
    bool dual, sparse;
};

struct scene {
    struct scene_shape shape;
    double *x, *dx; /* n_probe × n_feature */
    double *y, *dy; /* n_behaviour × n_probe */
    double *small, *deviation;
    struct rows rows, change;
    struct shift_base base;
};

static uint64_t scene_state = 1;
static inline double scene_random(void) /* in (−1, 1) */
{
    scene_state = scene_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(scene_state >> 11) + 0.5) * 0x1p-52 - 1;
}

/* Rows of a matrix, sparse or dense. */
static inline void scene_rows(const double *x, int64_t n_row, int64_t n_column, bool sparse, struct rows *rows)
{
    if (!sparse) {
        rows_init_dense(rows, n_row, n_column);
        memcpy(rows->dense, x, (size_t)(n_row * n_column) * sizeof *x);
        return;
    }
    int32_t *columns = memory_allocate(n_column, sizeof *columns);
    double *values = memory_allocate(n_column, sizeof *values);
    rows_init_sparse(rows, n_column);
    for (int64_t p = 0; p < n_row; p++) {
        int64_t n = 0;
        for (int64_t j = 0; j < n_column; j++)
            if (x[p * n_column + j] != 0) {
                columns[n] = (int32_t)j;
                values[n++] = x[p * n_column + j];
            }
        rows_add(rows, n, columns, values);
    }
    memory_free(values);
    memory_free(columns);
}

/* The small matrix and the deviations, as whoever fits the policy hands them over. */
static inline void scene_base(struct scene *scene)
{
    int64_t n = scene->shape.n_probe, m = scene->shape.n_feature, s = scene->shape.dual ? n : m + 1;
    scene->small = memory_allocate(s * s, sizeof *scene->small);
    for (int64_t i = 0; i < s; i++)
        for (int64_t j = 0; j < s; j++) {
            double sum = 0;
            for (int64_t k = 0; k < (scene->shape.dual ? m : n); k++) {
                double a = scene->shape.dual ? scene->x[i * m + k] : i == 0 ? 1 : scene->x[k * m + i - 1];
                double b = scene->shape.dual ? scene->x[j * m + k] : j == 0 ? 1 : scene->x[k * m + j - 1];
                sum += a * b;
            }
            scene->small[i * s + j] = sum;
        }
    for (int64_t j = 0; j < m; j++) {
        double mean = 0, square = 0;
        for (int64_t p = 0; p < n; p++)
            mean += scene->x[p * m + j] / (double)n;
        for (int64_t p = 0; p < n; p++)
            square += (scene->x[p * m + j] - mean) * (scene->x[p * m + j] - mean) / (double)n;
        scene->deviation[j] = sqrt(square);
    }
    scene->base = (struct shift_base){.dual = scene->shape.dual,
                                      .x = &scene->rows,
                                      .y = scene->y,
                                      .small = scene->small,
                                      .n_behaviour = scene->shape.n_behaviour,
                                      .lambda = scene->shape.lambda,
                                      .deviation = scene->deviation};
}

static inline void scene_init(struct scene *scene, struct scene_shape shape)
{
    int64_t n = shape.n_probe, m = shape.n_feature;
    *scene = (struct scene){.shape = shape,
                            .x = memory_allocate(n * m, sizeof(double)),
                            .dx = memory_allocate(n * m, sizeof(double)),
                            .y = memory_allocate(shape.n_behaviour * n, sizeof(double)),
                            .dy = memory_allocate(shape.n_behaviour * n, sizeof(double)),
                            .deviation = memory_allocate(m, sizeof(double))};
    scene_state = 1;
    for (int64_t i = 0; i < n * m; i++) {
        double active = 0.5 + 0.5 * scene_random(), value = scene_random();
        scene->x[i] = active < shape.density ? value + 1 : 0; /* as an encoder's features: at least 0 */
    }
    for (int64_t p = 0; p < n; p++)
        for (int64_t k = 0; k < shape.changed; k++) {
            double moves = 0.5 + 0.5 * scene_random(), value = scene_random();
            scene->dx[p * m + (k * 7 + 3) % m] = moves < shape.part ? shape.size * value : 0;
        }
    for (int64_t i = 0; i < shape.n_behaviour * n; i++) {
        scene->y[i] = 0.5 + 0.5 * scene_random();
        scene->dy[i] = shape.size * scene_random();
    }
    scene_rows(scene->x, n, m, shape.sparse, &scene->rows);
    scene_rows(scene->dx, n, m, true, &scene->change);
    scene_base(scene);
}

static inline void scene_clear(struct scene *scene)
{
    rows_clear(&scene->rows);
    rows_clear(&scene->change);
    memory_free(scene->x);
    memory_free(scene->dx);
    memory_free(scene->y);
    memory_free(scene->dy);
    memory_free(scene->small);
    memory_free(scene->deviation);
}

/* S u = b for each of k columns of b (n × k), by elimination without pivots: S is positive definite. */
static inline void quad_solve(int64_t n, int64_t k, quad *s, quad *b)
{
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = j + 1; i < n; i++) {
            quad f = s[i * n + j] / s[j * n + j];
            for (int64_t q = j; q < n && f != 0; q++)
                s[i * n + q] -= f * s[j * n + q];
            for (int64_t q = 0; q < k; q++)
                b[i * k + q] -= f * b[j * k + q];
        }
    for (int64_t i = n - 1; i >= 0; i--)
        for (int64_t q = 0; q < k; q++) {
            for (int64_t j = i + 1; j < n; j++)
                b[i * k + q] -= s[i * n + j] * b[j * k + q];
            b[i * k + q] /= s[i * n + i];
        }
}

/* Entry j of row p of Z' = [1, X + part ΔX]. */
static inline quad scene_entry(const struct scene *scene, int part, int64_t p, int64_t j)
{
    int64_t at = p * scene->shape.n_feature + j - 1;
    return j == 0 ? (quad)1 : (quad)scene->x[at] + (quad)part * (quad)scene->dx[at];
}

/* ZᵀZ + λ diag(0, 1, …), with X + part ΔX; the caller owns it. */
static inline quad *quad_system(const struct scene *scene, int part)
{
    int64_t s = scene->shape.n_feature + 1;
    quad *system = memory_allocate(s * s, sizeof *system);
    for (int64_t i = 0; i < s; i++)
        for (int64_t j = 0; j < s; j++) {
            quad sum = i == j && i > 0 ? (quad)scene->shape.lambda : 0;
            for (int64_t p = 0; p < scene->shape.n_probe; p++)
                sum += scene_entry(scene, part, p, i) * scene_entry(scene, part, p, j);
            system[i * s + j] = sum;
        }
    return system;
}

/* (1 + n_feature) × n_behaviour: intercepts, then coefficients, of the policy fitted to X + x_part ΔX and
 * y + y_part Δy. */
static inline quad *quad_fit(const struct scene *scene, int x_part, int y_part)
{
    int64_t s = scene->shape.n_feature + 1, n = scene->shape.n_probe, k = scene->shape.n_behaviour;
    quad *system = quad_system(scene, x_part), *fit = memory_allocate(s * k, sizeof *fit);
    for (int64_t j = 0; j < s; j++)
        for (int64_t b = 0; b < k; b++)
            for (int64_t p = 0; p < n; p++)
                fit[j * k + b] += scene_entry(scene, x_part, p, j) *
                                  ((quad)scene->y[b * n + p] + (quad)y_part * (quad)scene->dy[b * n + p]);
    quad_solve(s, k, system, fit);
    memory_free(system);
    return fit;
}

#endif
