/* Dense linear algebra in double on one rank with the same bits on every machine: every element is the result of one
 * fixed sequence of operations, whatever the blocking and the width of vectors.  For matrices that one rank holds;
 * src/matrix has those that do not fit. */
#ifndef ASSAY_EXACT_DENSE_H
#define ASSAY_EXACT_DENSE_H

#include <stdint.h>

#include "base/status.h"

/* c[i, j] −= a[i, 0] b[j, 0], then −= a[i, 1] b[j, 1], …: C (m × n) −= A (m × k) Bᵀ (n × k), row-major, each with the
 * stride between its rows.  dense_add_product adds instead.  @local */
void dense_subtract_product(int64_t m, int64_t n, int64_t k, const double *a, int64_t a_stride, const double *b,
                            int64_t b_stride, double *c, int64_t c_stride);
void dense_add_product(int64_t m, int64_t n, int64_t k, const double *a, int64_t a_stride, const double *b,
                       int64_t b_stride, double *c, int64_t c_stride);

/* The lower triangle of A (n × n, row-major, stride n) becomes its Cholesky factor L; the upper one is left alone.
 * @local   @fails NOT_CONVERGED when A is not positive definite in double: the sentence names the pivot */
enum status dense_cholesky(int64_t n, double *a);
/* Each of the k rows of x (k × n) becomes L⁻¹ x, or L⁻ᵀ x: forward and back substitution.  @local */
void dense_solve_lower(int64_t n, const double *l, int64_t k, double *x);
void dense_solve_upper(int64_t n, const double *l, int64_t k, double *x);
/* A⁻¹ (n × n, both triangles, exactly symmetric) from its factor.  @local */
void dense_inverse(int64_t n, const double *l, double *inverse);
/* Solves C X = B for a general square C (n × n) and k right-hand sides, the rows of x (k × n), by elimination with
 * partial pivoting; C is used up.  @local   @fails NOT_CONVERGED when C is singular */
enum status dense_solve_general(int64_t n, double *c, int64_t k, double *x);

#endif
