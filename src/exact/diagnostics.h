/* How well predictions meet what was measured. */
#ifndef ASSAY_EXACT_DIAGNOSTICS_H
#define ASSAY_EXACT_DIAGNOSTICS_H

#include <stdint.h>

/* Σ(y − ȳ)²; 0 exactly when y is constant.  @local */
double diagnose_total(int64_t n, const double *y);

/* 1 − Σ(y − p)² / Σ(y − ȳ)²; NaN when y is constant.  @local */
double diagnose_r2(int64_t n, const double *y, const double *p);

/* The share of pairs of one probe with y ≥ ½ and one below, in which the first has the larger prediction, ties counting
 * half (Mann and Whitney); NaN without such a pair, and where a prediction is NaN.  @local */
double diagnose_auc(int64_t n, const double *y, const double *p);

/* −mean(c log p + (1 − c) log(1 − p)), c = [y ≥ ½], predictions clipped to [10⁻⁶, 1 − 10⁻⁶].  @local */
double diagnose_log_loss(int64_t n, const double *y, const double *p);

#endif
