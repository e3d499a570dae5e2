/* Sums and products of counts and bytes that stay at INT64_MAX where they would go beyond it: then nothing fits. */
#ifndef ASSAY_INFLUENCE_COUNT_H
#define ASSAY_INFLUENCE_COUNT_H

#include <stdint.h>

/* a, b ≥ 0. */
static inline int64_t count_sum(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static inline int64_t count_product(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

#endif
