/* The shift of every coefficient by one pair, exactly and to first order, along two pathways. */
#ifndef ASSAY_POLICY_SHIFT_H
#define ASSAY_POLICY_SHIFT_H

#include "base/status.h"
#include "exact/rows.h"
#include "policy/shift_base.h"

/* w(X, y) is the ridge solution on features X and behaviour y; the pair makes X' = X + ΔX and y' = y + Δy of them.
 * All four solutions that belong to it are here, as differences that were solved for, not subtracted. */
struct shift {
    int64_t n_behaviour, n_feature;
    double *x;           /* owned, as the next three: n_behaviour × n_feature; w(X', y) − w(X, y) */
    double *y;           /* w(X', y') − w(X', y) */
    double *interaction; /* w(X', y') − w(X', y) − w(X, y') + w(X, y) */
    double *first_order; /* A⁻¹(ΔXᵀr − XᵀΔX w) + A⁻¹XᵀΔy, r the residual of w(X, y) */
    double *intercept;   /* owned; n_behaviour: shift of the intercept */
};

void shift_init(struct shift *shift, int64_t n_behaviour, int64_t n_feature);
void shift_clear(struct shift *shift);

/* The whole shift of entry i, and its Shapley split: each pathway's mean over both orders of the two changes. */
static inline double shift_total(const struct shift *shift, int64_t i)
{
    return shift->x[i] + shift->y[i];
}
static inline double shift_shapley_x(const struct shift *shift, int64_t i)
{
    return shift->x[i] + 0.5 * shift->interaction[i];
}
static inline double shift_shapley_y(const struct shift *shift, int64_t i)
{
    return shift->y[i] - 0.5 * shift->interaction[i];
}

struct shift_study; /* what all pairs share: the factor and the fit of the base, and workspace */

/* Both give the same shifts to rounding; AUTO takes the one with fewer operations, as the shapes and the number of
 * changed features say. */
enum shift_route { SHIFT_AUTO, SHIFT_REFACTOR, SHIFT_LOW_RANK };

/* `base` may come in either form; what it points to must outlive the study.
 * @local   @fails NOT_CONVERGED when the system cannot be solved in double: the sentence names λ */
enum status shift_prepare(const struct shift_base *base, enum shift_route route, struct shift_study **study);
void shift_study_destroy(struct shift_study *study); /* NULL is fine */

const double *shift_deviation(const struct shift_study *study); /* the base's, n_feature; borrowed */

/* ΔX (sparse rows n_probe × n_feature) and Δy (n_behaviour × n_probe) → shift (initialised).  Every number is
 * relatively accurate as a vector: solves are refined with residuals in double-double, straight from the features.  The
 * same bits everywhere.
 * @local   @fails NOT_CONVERGED: the sentence names λ */
enum status shift_compute(struct shift_study *study, const struct rows *change, const double *behaviour,
                          struct shift *shift);

/* What the change of feature k did to coefficient j, to first order: matrix[j, k] = (A⁻¹)_jk (δ_kᵀr) −
 * w_k (A⁻¹Xᵀδ_k)_j, δ_k column k of ΔX.  Over all features k, row j's sum is the first-order ΔX pathway of j. */
struct shift_sources {
    double *matrix; /* n_kept × n_kept: between kept features */
    double *all;    /* n_kept: sum of magnitudes of the whole row, kept or not */
    double *off;    /* n_kept: of them, those with k ≠ j */
};
/* Fills the caller's arrays for one behaviour and some features, of the latest shift_compute's ΔX, which must still be
 * there.  @local   @source arXiv 2606.29171 (pathways); the resolution by source feature is their derivative */
void shift_source(struct shift_study *study, int64_t behaviour, int64_t n_kept, const int64_t *kept,
                  const struct shift_sources *sources);

/* Bytes of a study and its workspace, and multiply-adds of one pair that changes so many entries: at most.  @local */
struct shift_shape {
    bool dual; /* the base's form */
    int64_t n_probe, n_feature, n_behaviour, n_kept;
    double row_entries;    /* of a probe's features: those that are not 0, on average; n_feature where dense */
    double change_entries; /* of a probe's features: those that change */
};
int64_t shift_bytes(const struct shift_shape *shape);
double shift_operations(const struct shift_shape *shape);

#endif
