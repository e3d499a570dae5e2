/* What the parts of a shift share: the prepared base, and solves in its two forms. */
#ifndef ASSAY_POLICY_SHIFT_PARTS_H
#define ASSAY_POLICY_SHIFT_PARTS_H

#include <stdbool.h>

#include "policy/shift.h"
#include "policy/shift_factor.h"
#include "policy/shift_view.h"

/* Z = [1 X].  Sizes: P probes, m features, B behaviours, s = P (dual) or m + 1 (primal). */
struct shift_study {
    struct shift_base base;      /* as given, but for the next two where they are used, and of the smaller form */
    struct rows sparse;          /* owned; the features, where they came dense but mostly are 0 */
    struct shift_change columns; /* of sparse features */
    double *small;               /* owned; s × s: where the base came in the larger form */
    enum shift_route route;
    int64_t n_probe, n_feature, n_behaviour, n_small;
    double *lower;              /* owned; s × s: factor of the base */
    double *work;               /* owned; s × s: room for the factor of a pair */
    double *scale;              /* owned; s: the size of each unknown's column, by which corrections are judged */
    double *ones;               /* owned; dual: (K + λ)⁻¹ 1 */
    double *weight;             /* owned; B × m: w(X, y) */
    double *residual;           /* owned; B × P: primal r = y − Zw, dual r / λ = the dual solution */
    double *scratch;            /* owned; m zeros */
    struct shift_change change; /* the latest pair's */
};

/* X without a change. */
static inline struct shift_view shift_base_view(const struct shift_study *study)
{
    return (struct shift_view){.x = study->base.x, .columns = rows_are_dense(study->base.x) ? NULL : &study->columns};
}

/* One of the systems of a pair: that of X, or of X' with its own factor. */
struct shift_system {
    struct shift_study *study;
    struct shift_view view;
    const struct shift_factor *factor;
    const double *ones; /* dual: its inverse times 1 */
    bool refined;       /* until corrections are below rounding, with residuals in double-double from the features
                           themselves; else as good as one solve in double */
};

/* Dual: [K + λ, 1; 1ᵀ, 0] [a; b] = [v; 0] for each of n vectors v (n × P) → a (n × P), b (n).
 * @local   @fails NOT_CONVERGED */
enum status shift_solve_dual(const struct shift_system *system, int64_t n, const double *v, double *a, double *b);

/* Primal: (ZᵀZ + λ diag(0, 1, …)) u = [0; p] + Zᵀ v, u = [b; w], for each of n right sides.
 * @local   @fails NOT_CONVERGED */
struct primal_side {
    const double *p; /* n × m; NULL: 0 */
    const double *v; /* n × P; NULL, unless refined: 0 */
};
struct primal_fit {
    double *w, *b; /* n × m, n */
    double *rest;  /* n × P: v − Zu; NULL: not wanted */
};
enum status shift_solve_primal(const struct shift_system *system, int64_t n, const struct primal_side *side,
                               const struct primal_fit *fit);

/* The two forms of a shift: fit the base; the shift of one pair. */
enum status shift_fit_dual(struct shift_study *study);
enum status shift_fit_primal(struct shift_study *study);
enum status shift_pair_dual(struct shift_study *study, const struct shift_factor *factor, const double *behaviour,
                            struct shift *shift);
enum status shift_pair_primal(struct shift_study *study, const struct shift_factor *factor, const double *behaviour,
                              struct shift *shift);

#endif
