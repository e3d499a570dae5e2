/* Two-word integers, and how any long binary number becomes the nearest double. */
#ifndef ASSAY_EXACT_WIDE_H
#define ASSAY_EXACT_WIDE_H

#include <stdbool.h>
#include <stdint.h>

/* high · 2^64 + low: 128 bits in two's complement. */
struct wide_integer {
    int64_t high;
    uint64_t low;
};

void wide_integer_add(struct wide_integer *sum, int64_t value);
/* sum · 2^bits, 0 < bits < 64; what leaves the 128 bits is lost. */
void wide_integer_shift(struct wide_integer *sum, int bits);
double wide_integer_to_double(struct wide_integer value); /* nearest, ties to even */

/* The nearest double, ties to even, of (leading + ε) · 2^exponent, where leading ≥ 2^63 holds the first 64 bits of a
 * number and 0 < ε < 1 stands for the others if any of them is 1.  The result must be a normal number. */
double nearest_double(uint64_t leading, bool others, int exponent);

#endif
