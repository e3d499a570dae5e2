/* Sparse rows by column too: ΔX, of which only what changes is there, or X. */
#ifndef ASSAY_POLICY_SHIFT_CHANGE_H
#define ASSAY_POLICY_SHIFT_CHANGE_H

#include <stdint.h>

#include "exact/rows.h"

struct shift_change {
    const struct rows *rows; /* borrowed; n_probe × n_feature, sparse */
    int64_t n_changed;       /* features that change for some probe */
    int32_t *feature;        /* owned; n_changed, ascending */
    int64_t *start;          /* owned; n_changed + 1: entries of changed feature k are [start[k], start[k + 1]) */
    int32_t *probe;          /* owned; ascending within a feature */
    double *value;           /* owned */
};

void shift_change_init(struct shift_change *change, const struct rows *rows);
void shift_change_clear(struct shift_change *change);

/* Where the entries of column j are: none if it does not change.  @local */
void shift_change_find(const struct shift_change *change, int64_t j, int64_t *first, int64_t *end);

/* out[k] = Σ_p ΔX[p, feature[k]] a[p]: the n_changed entries of ΔXᵀa that can differ from 0.  @local */
void shift_change_transposed_product(const struct shift_change *change, const double *a, double *out);
/* out[p] = (ΔX w)[p], w n_feature long.  @local */
void shift_change_product(const struct shift_change *change, const double *w, double *out);

#endif
