/* Numbers as signed 7-bit digits on a power-of-two grid, one grid per row. */
#ifndef ASSAY_EXACT_DIGITS_H
#define ASSAY_EXACT_DIGITS_H

#include <stdint.h>

#include "base/status.h"

enum { MAX_DIGITS = 4 };

/* Rows of integers q with x ≈ q · 2^(exponent + 1 − 7 n_digit), |q| ≤ 2^(7 n_digit − 1), q = Σ_j s_j 128^(n_digit − 1 −
 * j), every |s_j| ≤ 64, and s_0 + s_1 of two digits within [−127, 126]. */
struct digits {
    int n_digit;
    int64_t n_row, n_column;
    int8_t *plane[MAX_DIGITS]; /* owned; each n_row × n_column, row-major; most significant first */
    int8_t *sum;               /* owned; of 2 digits, plane[0] + plane[1], in [−128, 127]; else, or NULL: not kept */
    int *exponent;             /* owned; per row: the least with max|x| < 2^exponent, but not below 7 n_digit − 1023,
                                  so that the scale is a normal number; 0 for a row of zeros */
};

void digits_init(struct digits *digits, int n_digit, int64_t n_row, int64_t n_column); /* allocates; all rows zero */
void digits_clear(struct digits *digits);
/* Bytes that digits_init would take, INT64_MAX if they cannot be counted: for plans. */
int64_t digits_bytes(int n_digit, int64_t n_row, int64_t n_column);

/* Makes `sum` that of the planes, for those who wrote digits into these themselves.  @local */
void digits_add_up(struct digits *digits);

/* Rows [row, row + n) as digits of their own, all borrowed.  @local */
struct digits digits_rows(const struct digits *digits, int64_t row, int64_t n);

/* Fills rows [row, row + n) from values[n * n_column] (finite, or it aborts).
 * q = round-half-even(x · 2^(7 n_digit − 1 − exponent)).  @local */
void digits_set(struct digits *digits, int64_t row, int64_t n, const float *values);
void digits_set_double(struct digits *digits, int64_t row, int64_t n, const double *values);

/* The scale of a row's integers: 2^(exponent + 1 − 7 n_digit), always a normal number. */
double digits_scale(const struct digits *digits, int64_t row);

/* Σ_k q[i,k]² of row i as the nearest double, times scale²: the squared norm of the digitised row (+infinity where that
 * is beyond the range of doubles). */
double digits_square(const struct digits *digits, int64_t row);

#endif
