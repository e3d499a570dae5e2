/* exp, log and softmax from basic operations in a fixed order: the same bits on every machine and compiler. */
#ifndef ASSAY_EXACT_ELEMENTARY_H
#define ASSAY_EXACT_ELEMENTARY_H

#include <stdint.h>

/* e^x: within 1 ulp; 0 below −745.2, +infinity above 709.8; NaN gives NaN. */
double exact_exp(double x);
/* Natural logarithm: within 1 ulp; −infinity for 0, NaN below and for NaN, +infinity for +infinity. */
double exact_log(double x);
/* p = softmax(z) of n logits, max-shifted, summed left to right; p may be z.  And logsumexp: −infinity for n = 0.
 * NaN logits, or infinite ones that leave no finite maximum, give NaN. */
void exact_softmax(const double *z, int64_t n, double *p);
/* The same of n_row rows of n logits each, several at a time: the same bits, faster. */
void exact_softmax_rows(const double *z, int64_t n_row, int64_t n, double *p);
double exact_logsumexp(const double *z, int64_t n);

#endif
