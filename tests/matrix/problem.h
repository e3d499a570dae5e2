/* Systems with known answers: solved in quadruple precision on each rank by itself. */
#ifndef ASSAY_TESTS_MATRIX_PROBLEM_H
#define ASSAY_TESTS_MATRIX_PROBLEM_H

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "exact/random.h"
#include "matrix/canonical.h"

__extension__ typedef __float128 quad;

/* (first + second + diagonal) x = b + b_low, first and second n × n, b and b_low n_side × n; the same on every rank. */
struct problem {
    int64_t n, n_side;
    double *first, *second, *diagonal, *b, *b_low; /* owned */
    uint8_t *kept;                                 /* owned */
};

/* Zero but for the right-hand sides, which are random. */
static inline struct problem problem_create(int64_t n, int64_t n_side, uint64_t seed)
{
    struct problem problem = {.n = n, .n_side = n_side};
    problem.first = memory_allocate(n * n, sizeof(double));
    problem.second = memory_allocate(n * n, sizeof(double));
    problem.diagonal = memory_allocate(n, sizeof(double));
    problem.b = memory_allocate(n_side * n, sizeof(double));
    problem.b_low = memory_allocate(n_side * n, sizeof(double));
    problem.kept = memory_allocate(n, 1);
    for (int64_t i = 0; i < n; i++)
        problem.kept[i] = 1;
    for (int64_t k = 0; k < n_side * n; k++) {
        problem.b[k] = random_scaled(&seed, -3, 3);
        problem.b_low[k] = problem.b[k] * 0x1p-54 * random_double(&seed);
    }
    return problem;
}

static inline void problem_clear(struct problem *problem)
{
    memory_free(problem->first);
    memory_free(problem->second);
    memory_free(problem->diagonal);
    memory_free(problem->b);
    memory_free(problem->b_low);
    memory_free(problem->kept);
}

/* A Gram matrix of p rows of small integers, exact in doubles, of rank p at most, with λ on the diagonal. */
static inline struct problem problem_gram(int64_t n, int64_t p, double lambda, int64_t n_side)
{
    struct problem problem = problem_create(n, n_side, (uint64_t)(n * 1000 + p));
    double *row = memory_allocate(n, sizeof *row);
    uint64_t state = (uint64_t)(n + p);
    for (int64_t r = 0; r < p; r++) {
        for (int64_t i = 0; i < n; i++)
            row[i] = (double)random_integer(&state, -500, 500);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++)
                problem.first[i * n + j] += row[i] * row[j];
    }
    for (int64_t i = 0; i < n; i++)
        problem.diagonal[i] = lambda;
    memory_free(row);
    return problem;
}

/* The Hilbert matrix 1 / (i + j + 1), of condition e^(3.5 n). */
static inline struct problem problem_hilbert(int64_t n, int64_t n_side)
{
    struct problem problem = problem_create(n, n_side, (uint64_t)n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            quad exact = (quad)1 / (quad)(i + j + 1);
            problem.first[i * n + j] = (double)exact;
            problem.second[i * n + j] = (double)(exact - (quad)problem.first[i * n + j]);
        }
    return problem;
}

static inline quad problem_entry(const struct problem *problem, int64_t i, int64_t j)
{
    if (!problem->kept[i] || !problem->kept[j])
        return i == j;
    quad entry = (quad)problem->first[i * problem->n + j] + (quad)problem->second[i * problem->n + j];
    return i == j ? entry + (quad)problem->diagonal[i] : entry;
}

/* A = L D Lᵀ: L below the diagonal, D on it.  Caller owns it. */
static inline quad *problem_decompose(const struct problem *problem)
{
    const int64_t n = problem->n;
    quad *l = memory_allocate(n * n, sizeof *l);
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = j; i < n; i++) {
            quad sum = problem_entry(problem, i, j);
            for (int64_t k = 0; k < j; k++)
                sum -= l[i * n + k] * l[j * n + k] * l[k * n + k];
            l[i * n + j] = i == j ? sum : sum / l[j * n + j];
        }
    return l;
}

/* The solutions as system_solve has to give them: to the last bit.  Caller owns them. */
static inline double *problem_solve(const struct problem *problem)
{
    const int64_t n = problem->n;
    quad *l = problem_decompose(problem), *x = memory_allocate(n, sizeof *x);
    double *high = memory_allocate(n, sizeof *high), *low = memory_allocate(n, sizeof *low);
    double *out = memory_allocate(problem->n_side * n, sizeof *out);
    for (int64_t s = 0; s < problem->n_side; s++) {
        for (int64_t i = 0; i < n; i++) {
            x[i] = problem->kept[i] ? (quad)problem->b[s * n + i] + (quad)problem->b_low[s * n + i] : 0;
            for (int64_t k = 0; k < i; k++)
                x[i] -= l[i * n + k] * x[k];
        }
        for (int64_t i = n - 1; i >= 0; i--) {
            x[i] /= l[i * n + i];
            for (int64_t k = i + 1; k < n; k++)
                x[i] -= l[k * n + i] * x[k];
            high[i] = (double)x[i];
            low[i] = (double)(x[i] - (quad)high[i]);
        }
        if (canonical_round(n, high, low, 0, out + s * n) != STATUS_OK)
            abort();
        for (int64_t i = 0; i < n; i++)
            if (!problem->kept[i])
                out[s * n + i] = problem->b[s * n + i];
    }
    memory_free(l);
    memory_free(x);
    memory_free(high);
    memory_free(low);
    return out;
}

#endif
