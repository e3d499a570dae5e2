/* exp, log and softmax from basic operations in a fixed order: the same bits on every machine and compiler. */
#ifndef ASSAY_EXACT_ELEMENTARY_H
#define ASSAY_EXACT_ELEMENTARY_H

#include <stdint.h>

/* e^x: within 1 ulp; 0 below −745.2, +infinity above 709.8; NaN gives NaN. */
double exact_exp(double x);
/* Natural logarithm: within 1 ulp; x must be positive and finite (else −infinity for 0, NaN below). */
double exact_log(double x);
/* p = softmax(z) of n logits, max-shifted, summed left to right; and logsumexp.  p may be z. */
void exact_softmax(const double *z, int64_t n, double *p);
double exact_logsumexp(const double *z, int64_t n);

#endif
