#include "exact/sum.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "exact/wide.h"

enum { LIMB_BITS = 32 };
static const int64_t LIMB_MASK = 0xffffffff;

static int bit_length(uint64_t value)
{
    return value > 0 ? 64 - __builtin_clzll(value) : 0;
}

/* Adds sign · magnitude · 2^position, in units of the lowest bit; below the range's top, so at most limb 31. */
static void add_magnitude(struct sum *sum, uint64_t magnitude, int position, int sign)
{
    int limb = position / LIMB_BITS, shift = position % LIMB_BITS;
    uint64_t low = magnitude << shift, high = shift > 0 ? magnitude >> (64 - shift) : 0;
    for (; low > 0 || high > 0; limb++) {
        sum->limb[limb] += sign * (int64_t)(low & (uint64_t)LIMB_MASK);
        low = low >> LIMB_BITS | high << LIMB_BITS;
        high >>= LIMB_BITS;
    }
}

bool sum_add(struct sum *sum, int64_t value, int exponent)
{
    if (value == 0)
        return true;
    int sign = value < 0 ? -1 : 1;
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    for (; magnitude % 2 == 0 && exponent < SUM_LOWEST; exponent++)
        magnitude /= 2;
    if (exponent < SUM_LOWEST || exponent > SUM_HIGHEST - bit_length(magnitude))
        return false;
    add_magnitude(sum, magnitude, exponent - SUM_LOWEST, sign);
    return true;
}

bool sum_add_double(struct sum *sum, double value)
{
    if (!isfinite(value))
        return false;
    int exponent;
    double fraction = frexp(value, &exponent);
    return sum_add(sum, (int64_t)ldexp(fraction, DBL_MANT_DIG), exponent - DBL_MANT_DIG);
}

void sum_merge(struct sum *into, const struct sum *from)
{
    for (int i = 0; i < SUM_LIMBS; i++)
        into->limb[i] += from->limb[i];
}

void sum_normalise(struct sum *sum)
{
    for (int i = 0; i < SUM_LIMBS - 1; i++) {
        int64_t low = sum->limb[i] & LIMB_MASK;
        sum->limb[i + 1] += (sum->limb[i] - low) / (LIMB_MASK + 1); /* exact: the floor of limb / 2^32 */
        sum->limb[i] = low;
    }
}

double sum_value(const struct sum *sum)
{
    struct sum magnitude = *sum;
    sum_normalise(&magnitude);
    bool is_negative = magnitude.limb[SUM_LIMBS - 1] < 0;
    if (is_negative) {
        for (int i = 0; i < SUM_LIMBS; i++)
            magnitude.limb[i] = -magnitude.limb[i];
        sum_normalise(&magnitude);
    }
    /* Words of 32 bits, most significant first; the top limb holds two. */
    uint32_t word[SUM_LIMBS + 3] = {(uint32_t)(magnitude.limb[SUM_LIMBS - 1] >> LIMB_BITS)};
    for (int i = 0; i < SUM_LIMBS; i++)
        word[i + 1] = (uint32_t)(magnitude.limb[SUM_LIMBS - 1 - i] & LIMB_MASK);
    int first = 0;
    while (first <= SUM_LIMBS && word[first] == 0)
        first++;
    if (first > SUM_LIMBS)
        return 0;
    /* The first 64 bits from the leading one on, and whether any bit follows; two words of zeros end the array. */
    int shift = LIMB_BITS - bit_length(word[first]);
    uint64_t two = (uint64_t)word[first] << LIMB_BITS | word[first + 1];
    uint64_t third = (uint64_t)word[first + 2] << shift;
    bool others = (third & (uint64_t)LIMB_MASK) != 0;
    for (int i = first + 3; i <= SUM_LIMBS; i++)
        others = others || word[i] != 0;
    int exponent = SUM_LOWEST + LIMB_BITS * (SUM_LIMBS - 1 - first) - shift;
    double value = nearest_double(two << shift | third >> LIMB_BITS, others, exponent);
    return is_negative ? -value : value;
}
