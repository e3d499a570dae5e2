/* How a change of the features changes the small system: S' − S = H + Hᵀ, made from products of X and ΔX. */
#ifndef ASSAY_POLICY_SHIFT_UPDATE_H
#define ASSAY_POLICY_SHIFT_UPDATE_H

#include "policy/shift_base.h"
#include "policy/shift_view.h"

/* With V = X + ΔX / 2: dual, H = ΔX Vᵀ (n_probe square); primal, H = [0 ΔX]ᵀ [1 V] (1 + n_feature square), whose rows
 * are 0 but for changed features.  Adds H to `half` (n × n, row-major).  @local */
void shift_update_half(const struct shift_base *base, const struct shift_view *view, double *half);

/* The same as H = Σ_k of (column k of R)(column k of L)ᵀ over the c changed features: L's columns, then R's, as the
 * 2c rows of `columns` (2c × n, all 0 before).  @local */
void shift_update_columns(const struct shift_base *base, const struct shift_view *view, double *columns);

/* out[j] += a row[j].  @local */
void shift_add_scaled(int64_t n, const double *row, double a, double *out);

#endif
