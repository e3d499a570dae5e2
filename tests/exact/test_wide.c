/* Two-word integers add like 128-bit ones and round like the compiler's own: to nearest, ties to even. */
#include "exact/wide.h"

#include <math.h>

#include "check.h"
#include "exact/random.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

static struct wide_integer wide_of(int128 value)
{
    return (struct wide_integer){.high = (int64_t)(value >> 64), .low = (uint64_t)value};
}

static void test_add(void)
{
    uint64_t seed = 1;
    struct wide_integer sum = {0};
    int128 same = 0;
    bool equal = true;
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)random_bits(&seed) >> random_integer(&seed, 0, 63);
        wide_integer_add(&sum, value);
        same += value;
        equal = equal && sum.high == wide_of(same).high && sum.low == wide_of(same).low;
    }
    CHECK(equal);
    sum = (struct wide_integer){0};
    wide_integer_add(&sum, INT64_MIN);
    CHECK(sum.high == -1 && sum.low == UINT64_C(1) << 63);
    wide_integer_add(&sum, INT64_MIN);
    CHECK(sum.high == -1 && sum.low == 0);
    wide_integer_add(&sum, INT64_MAX);
    wide_integer_add(&sum, INT64_MAX);
    wide_integer_add(&sum, 2);
    CHECK(sum.high == 0 && sum.low == 0);
}

static void test_rounding(void)
{
    uint64_t seed = 2;
    bool equal = true;
    for (int i = 0; i < 200000; i++) {
        uint128 bits = random_bits(&seed);
        bits = bits << 64 | random_bits(&seed);
        int128 value = (int128)bits >> random_integer(&seed, 0, 127);
        equal = equal && wide_integer_to_double(wide_of(value)) == (double)value;
    }
    /* Ties, and the numbers beside them, at every size and sign. */
    for (int i = 0; i < 100000; i++) {
        int place = (int)random_integer(&seed, 1, 72);
        int128 value = (int128)((random_bits(&seed) >> 11) | UINT64_C(1) << 52) << place;
        value += (int128)1 << (place - 1);
        value += random_integer(&seed, -1, 1);
        value = random_bits(&seed) % 2 ? -value : value;
        equal = equal && wide_integer_to_double(wide_of(value)) == (double)value;
    }
    CHECK(equal);
    CHECK(wide_integer_to_double(wide_of(0)) == 0 && !signbit(wide_integer_to_double(wide_of(0))));
    CHECK(wide_integer_to_double((struct wide_integer){INT64_MIN, 0}) == -0x1p127);
    CHECK(wide_integer_to_double((struct wide_integer){INT64_MAX, UINT64_MAX}) == 0x1p127);
    CHECK(wide_integer_to_double((struct wide_integer){-1, UINT64_MAX}) == -1);
    CHECK(wide_integer_to_double((struct wide_integer){0, UINT64_MAX}) == 0x1p64);
}

static void test_nearest(void)
{
    const uint64_t one = UINT64_C(1) << 63;
    CHECK(nearest_double(one, false, 0) == 0x1p63);
    CHECK(nearest_double(one | 0x400, false, -63) == 1);           /* a tie, to even */
    CHECK(nearest_double(one | 0x400, true, -63) == 1 + 0x1p-52);  /* above it */
    CHECK(nearest_double(one | 0xc00, false, -63) == 1 + 0x1p-51); /* a tie, to even: up */
    CHECK(nearest_double(one | 0x3ff, true, -63) == 1);            /* below it */
    CHECK(nearest_double(UINT64_MAX, true, -1000) == 0x1p-936);    /* carries through */
}

int main(void)
{
    test_add();
    test_rounding();
    test_nearest();
    return check_end();
}
