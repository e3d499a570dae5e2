/* The one loop that dense linear algebra stands on: a product added to a matrix, every element in the order of k. */
#ifndef ASSAY_EXACT_DENSE_PRODUCT_H
#define ASSAY_EXACT_DENSE_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

/* Element (i, k) is first[i · row + k · column]: steps of 1, of a stride or negative ones make a transposed or a
 * reversed matrix of the same numbers. */
struct dense_operand {
    const double *first; /* borrowed */
    int64_t row, column;
};

struct dense_product {
    int64_t m, n, k;
    struct dense_operand a, b; /* m × k, n × k; neither may overlap the part of C that is written */
    bool is_subtracted;
    bool is_lower; /* only elements of C with i ≥ j are read and written */
    double *c;     /* borrowed; m × n, row-major */
    int64_t c_stride;
};

/* c[i, j] ±= a(i, 0) b(j, 0), then ±= a(i, 1) b(j, 1), …: two roundings each.  @local */
void dense_product(const struct dense_product *product);

#endif
