/* Products with the features after a change, X' = X + ΔX, without making X'; some of them in double-double. */
#ifndef ASSAY_POLICY_SHIFT_VIEW_H
#define ASSAY_POLICY_SHIFT_VIEW_H

#include "policy/shift_change.h"

struct shift_view {
    const struct rows *x;               /* n_probe × n_feature */
    const struct shift_change *columns; /* sparse X by column; NULL for a dense one */
    const struct shift_change *change;  /* NULL: X itself */
};

/* n vectors of one length, one after another, each entry the sum of two doubles; low may be NULL in what is only read:
 * all 0. */
struct twofold {
    double *high, *low;
};

/* out (n × n_feature) = X'ᵀ a for each of n vectors a (n × n_probe), in plain double.  @local */
void shift_view_transposed(const struct shift_view *view, int64_t n, const double *a, double *out);
/* Adds X'ᵀ a to out, products and sums in double-double: the same shapes.  @local
 * @source Ogita, Rump and Oishi, Accurate sum and dot product (2005): Dot2 */
void shift_view_add_transposed(const struct shift_view *view, int64_t n, struct twofold a, struct twofold out);
/* Adds X' t (t: n × n_feature) to out (n × n_probe), likewise.  @local */
void shift_view_add_product(const struct shift_view *view, int64_t n, struct twofold t, struct twofold out);

/* Adds X t (t: n × n_feature) to out (n × n_probe), in plain double, whatever the change.  @local */
void shift_view_add_plain(const struct shift_view *view, int64_t n, const double *t, double *out);

/* out[p] = (X s)[p] and moved[p] = (ΔX s)[p] for an s that is 0 but at the changed features, where it is d (n_changed):
 * in plain double; `scratch` has n_feature entries, all 0 before and after.  @local */
void shift_view_sparse(const struct shift_view *view, const double *d, double *scratch, double *out, double *moved);

/* Column j of X.  @local */
void shift_view_column(const struct shift_view *view, int64_t j, double *out);

/* high + low += a · b, the product exactly. */
static inline void twofold_add_product(double a, double b, double *high, double *low)
{
    double product = a * b, rest = __builtin_fma(a, b, -product);
    double sum = *high + product, part = sum - *high;
    *low += ((*high - (sum - part)) + (product - part)) + rest;
    *high = sum;
}

#endif
