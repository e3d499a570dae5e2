/* Forward and back substitution with a triangle of a matrix, by halves onto the product. */
#ifndef ASSAY_EXACT_DENSE_TRIANGLE_H
#define ASSAY_EXACT_DENSE_TRIANGLE_H

#include <stdbool.h>
#include <stdint.h>

/* Element (j, t) is first[j · row + t · column]. */
struct dense_triangle {
    const double *first; /* borrowed */
    int64_t n;
    int64_t row, column;
    bool is_unit; /* the diagonal is taken to be 1, and not read */
};

/* For each of the k rows of x (k × n, with that stride): x[j] = (x[j] − T(j, 0) x[0] − T(j, 1) x[1] − … up to j − 1) /
 * T(j, j), for j = 0, 1, 2, …  x must not overlap T.  @local */
void dense_substitute_forward(const struct dense_triangle *triangle, int64_t k, double *x, int64_t stride);
/* x[j] = (x[j] − T(j, n − 1) x[n − 1] − T(j, n − 2) x[n − 2] − … down to j + 1) / T(j, j), for j = n − 1, n − 2, … */
void dense_substitute_back(const struct dense_triangle *triangle, int64_t k, double *x, int64_t stride);

#endif
