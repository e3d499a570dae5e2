/* Sums and products with their rounding errors, and sums of three doubles. */
#ifndef ASSAY_MATRIX_ERROR_FREE_H
#define ASSAY_MATRIX_ERROR_FREE_H

/* a + b = *sum + *error exactly.  @source Knuth, The Art of Computer Programming 2, 4.2.2 */
static inline void two_sum(double a, double b, double *sum, double *error)
{
    double s = a + b, t = s - a;
    *error = (a - (s - t)) + (b - t);
    *sum = s;
}

/* a · b = *product + *error exactly, away from the ends of the range.  IEEE 754 defines the one rounding of fma: in
 * hardware or in software, its bits are the same. */
static inline void two_product(double a, double b, double *product, double *error)
{
    double p = a * b;
    *error = __builtin_fma(a, b, -p);
    *product = p;
}

/* A sum in three levels: what is rounded off at one goes to the next, so that a sum of n terms is wrong by about
 * n³ · 2^−159 of the sum of their magnitudes.  @source Ogita, Rump and Oishi, Accurate sum and dot product, 2005 (SumK,
 * K = 3) */
struct triple {
    double part[3];
};

static inline void triple_add(struct triple *sum, double term)
{
    double error, error_of_error;
    two_sum(sum->part[0], term, &sum->part[0], &error);
    two_sum(sum->part[1], error, &sum->part[1], &error_of_error);
    sum->part[2] += error_of_error;
}

/* The same for a term that is as small as the second level. */
static inline void triple_add_small(struct triple *sum, double term)
{
    double error;
    two_sum(sum->part[1], term, &sum->part[1], &error);
    sum->part[2] += error;
}

static inline void triple_merge(struct triple *into, const struct triple *from)
{
    triple_add(into, from->part[0]);
    triple_add_small(into, from->part[1]);
    into->part[2] += from->part[2];
}

/* The sum as one double, wrong by some ulp at most. */
static inline double triple_value(const struct triple *sum)
{
    double high, low;
    two_sum(sum->part[0], sum->part[1], &high, &low);
    return high + (low + sum->part[2]);
}

#endif
