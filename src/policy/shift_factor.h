/* Solves with the base's small system, and with what a pair makes of it: factored anew, or by a low-rank update. */
#ifndef ASSAY_POLICY_SHIFT_FACTOR_H
#define ASSAY_POLICY_SHIFT_FACTOR_H

#include <stdbool.h>

#include "base/status.h"
#include "policy/shift.h"
#include "policy/shift_view.h"

/* The system S = L Lᵀ (rank = 0), or L Lᵀ + U C Uᵀ with U of 2c columns and C = [0 I; I 0]. */
struct shift_factor {
    int64_t n;
    const double *lower; /* borrowed; n × n, row-major: L */
    int64_t rank;        /* 2c */
    double *update;      /* owned; rank × n: row k is L⁻¹ times column k of U */
    double *inverse;     /* owned; rank × rank: (C⁻¹ + Uᵀ (L Lᵀ)⁻¹ U)⁻¹ */
};

void shift_factor_clear(struct shift_factor *factor);
/* Each of the k rows of x (k × n) becomes S⁻¹ x: as good as double arithmetic makes it.  @local */
void shift_factor_solve(const struct shift_factor *factor, int64_t k, double *x);

/* The system of X' = X + ΔX.  `lower` is the base's factor, `work` (n × n) is used up if the route is a new factor,
 * which then lies there.  Takes the route with fewer operations unless told.
 * @local   @fails NOT_CONVERGED */
enum status shift_factor_change(const struct shift_base *base, const struct shift_view *view, const double *lower,
                                enum shift_route route, double *work, struct shift_factor *factor);

/* The base's own factor into lower (n × n).  @local   @fails NOT_CONVERGED naming λ */
enum status shift_factor_base(const struct shift_base *base, double *lower);

#endif
