/* Numbers for tests: the same on every machine, from integer arithmetic alone. */
#ifndef ASSAY_TESTS_EXACT_RANDOM_H
#define ASSAY_TESTS_EXACT_RANDOM_H

#include <math.h>
#include <stdint.h>

/* The next 64 bits of the sequence (splitmix64, Steele et al. 2014). */
static inline uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* An integer in [first, last], |first|, |last| < 2^31. */
static inline int64_t random_integer(uint64_t *state, int64_t first, int64_t last)
{
    return first + (int64_t)((random_bits(state) >> 32) % (uint64_t)(last - first + 1));
}

/* Even on [−1, 1), a multiple of 2^-52. */
static inline double random_double(uint64_t *state)
{
    return ldexp((double)(int64_t)random_bits(state) / 2048, -52);
}

/* random_double · 2^e, e in [first, last].  A function, because the order in which arguments draw is not defined. */
static inline double random_scaled(uint64_t *state, int first, int last)
{
    double even = random_double(state);
    return ldexp(even, (int)random_integer(state, first, last));
}

#endif
