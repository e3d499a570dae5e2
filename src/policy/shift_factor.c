#include "policy/shift_factor.h"

#include <string.h>

#include "base/memory.h"
#include "exact/dense.h"
#include "policy/shift_update.h"

static int64_t system_size(const struct shift_base *base)
{
    return base->dual ? base->x->n_row : base->x->n_column + 1;
}

void shift_factor_clear(struct shift_factor *factor)
{
    memory_free(factor->update);
    memory_free(factor->inverse);
    *factor = (struct shift_factor){0};
}

/* t −= Wᵀ (C⁻¹ + W Wᵀ)⁻¹ W t for each row t of x: Woodbury's formula between the two substitutions. */
static void subtract_update(const struct shift_factor *factor, int64_t k, double *x)
{
    int64_t n = factor->n, rank = factor->rank;
    double *part = memory_allocate(k * rank, sizeof *part), *weight = memory_allocate(k * rank, sizeof *weight);
    dense_add_product(k, rank, n, x, n, factor->update, n, part, rank);
    dense_add_product(k, rank, rank, part, rank, factor->inverse, rank, weight, rank);
    for (int64_t i = 0; i < k; i++)
        for (int64_t r = 0; r < rank; r++)
            shift_add_scaled(n, factor->update + r * n, -weight[i * rank + r], x + i * n);
    memory_free(weight);
    memory_free(part);
}

void shift_factor_solve(const struct shift_factor *factor, int64_t k, double *x)
{
    dense_solve_lower(factor->n, factor->lower, k, x);
    if (factor->rank > 0)
        subtract_update(factor, k, x);
    dense_solve_upper(factor->n, factor->lower, k, x);
}

enum status shift_factor_base(const struct shift_base *base, double *lower)
{
    int64_t n = system_size(base);
    memcpy(lower, base->small, (size_t)(n * n) * sizeof *lower);
    for (int64_t i = base->dual ? 0 : 1; i < n; i++)
        lower[i * n + i] += base->lambda;
    if (dense_cholesky(n, lower) == STATUS_OK)
        return STATUS_OK;
    return fail(NOT_CONVERGED,
                "policy: expected a system that is positive definite in double precision, found one that is not with "
                "lambda %g: choose a larger ridge.lambda",
                base->lambda);
}

static enum status factor_anew(const struct shift_base *base, const struct shift_view *view, double *work,
                               struct shift_factor *factor)
{
    int64_t n = factor->n;
    memset(work, 0, (size_t)(n * n) * sizeof *work);
    shift_update_half(base, view, work);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++)
            work[i * n + j] = base->small[i * n + j] + (work[i * n + j] + work[j * n + i]);
    for (int64_t i = base->dual ? 0 : 1; i < n; i++)
        work[i * n + i] += base->lambda;
    factor->lower = work;
    if (dense_cholesky(n, work) == STATUS_OK)
        return STATUS_OK;
    return fail(NOT_CONVERGED,
                "expected a system that stays positive definite in double precision, found one that is not with lambda "
                "%g: choose a larger ridge.lambda, or leave the pair out",
                base->lambda);
}

static enum status factor_update(const struct shift_base *base, const struct shift_view *view, const double *lower,
                                 struct shift_factor *factor)
{
    int64_t n = factor->n, c = view->change->n_changed, rank = 2 * c;
    factor->lower = lower;
    factor->rank = rank;
    factor->update = memory_allocate(rank * n, sizeof *factor->update);
    factor->inverse = memory_allocate(rank * rank, sizeof *factor->inverse);
    shift_update_columns(base, view, factor->update);
    dense_solve_lower(n, lower, rank, factor->update);
    double *capacitance = memory_allocate(rank * rank, sizeof *capacitance);
    for (int64_t i = 0; i < rank; i++) {
        capacitance[i * rank + (i + c) % rank] = 1; /* C is its own inverse */
        factor->inverse[i * rank + i] = 1;
    }
    dense_add_product(rank, rank, n, factor->update, n, factor->update, n, capacitance, rank);
    enum status status = dense_solve_general(rank, capacitance, rank, factor->inverse);
    memory_free(capacitance);
    return status;
}

/* Multiply-adds of either route with c changed features, whose changes have n_entry entries. */
static double route_cost(const struct shift_base *base, enum shift_route route, double c, double n_entry)
{
    double n = (double)system_size(base), products = n_entry * n; /* of ΔX with X */
    if (route == SHIFT_REFACTOR)
        return products + n * n * n / 6;
    return (base->dual ? 0 : products) + c * n * n + 4 * c * c * n + 8 * c * c * c;
}

enum status shift_factor_change(const struct shift_base *base, const struct shift_view *view, const double *lower,
                                enum shift_route route, double *work, struct shift_factor *factor)
{
    const struct shift_change *change = view->change;
    double c = (double)change->n_changed, n_entry = (double)change->start[change->n_changed];
    *factor = (struct shift_factor){.n = system_size(base)};
    if (route == SHIFT_AUTO)
        route = route_cost(base, SHIFT_LOW_RANK, c, n_entry) < route_cost(base, SHIFT_REFACTOR, c, n_entry)
                    ? SHIFT_LOW_RANK
                    : SHIFT_REFACTOR;
    if (change->n_changed == 0) {
        factor->lower = lower;
        return STATUS_OK;
    }
    /* An update that breaks down says nothing of the system itself. */
    if (route == SHIFT_LOW_RANK && factor_update(base, view, lower, factor) == STATUS_OK)
        return STATUS_OK;
    shift_factor_clear(factor);
    factor->n = system_size(base);
    return factor_anew(base, view, work, factor);
}
