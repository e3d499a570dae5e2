#include "exact/wide.h"

#include <math.h>

#include "base/status.h"

void wide_integer_add(struct wide_integer *sum, int64_t value)
{
    uint64_t low = sum->low + (uint64_t)value;
    sum->high += (value < 0 ? -1 : 0) + (low < sum->low ? 1 : 0);
    sum->low = low;
}

void wide_integer_shift(struct wide_integer *sum, int bits)
{
    ASSERT(bits > 0 && bits < 64);
    sum->high = (int64_t)((uint64_t)sum->high << bits | sum->low >> (64 - bits));
    sum->low <<= bits;
}

double nearest_double(uint64_t leading, bool others, int exponent)
{
    ASSERT(leading >> 63 == 1);
    uint64_t mantissa = leading >> 11, rest = leading & 0x7ff; /* 53 bits stay, 11 decide */
    bool is_up = rest > 0x400 || (rest == 0x400 && (others || mantissa & 1));
    return ldexp((double)(mantissa + is_up), exponent + 11); /* 2^53 after a carry is still exact */
}

double wide_integer_to_double(struct wide_integer value)
{
    if (value.high == (int64_t)value.low >> 63)
        return (double)(int64_t)value.low; /* one word: the machine rounds to nearest, ties to even */
    bool is_negative = value.high < 0;
    uint64_t high = (uint64_t)value.high, low = value.low;
    if (is_negative) {
        low = -low;
        high = ~high + (low == 0);
    }
    if (high == 0 && low == 0)
        return 0;
    int exponent = 64;
    if (high == 0) {
        high = low;
        low = 0;
        exponent = 0;
    }
    for (; high >> 63 == 0; exponent--) {
        high = high << 1 | low >> 63;
        low <<= 1;
    }
    double magnitude = nearest_double(high, low != 0, exponent);
    return is_negative ? -magnitude : magnitude;
}
