/* Rows, values and sizes of differences are counted as a plain loop counts them, for every type; lists of kept entries
 * by the definitions of overlap and of Spearman's correlation. */
#include "diff/values.h"

#include <math.h>

#include "check.h"
#include "diff/top.h"

static const struct dataset reals = {.path = "/x", .type = TABLE_F64, .n_dim = 2, .dims = {4, 3}};

static struct value_difference compare(const struct dataset *a, const struct dataset *b, const void *x, const void *y,
                                       int64_t first, int64_t n)
{
    struct value_difference difference = {0};
    values_compare((const struct dataset *const[]){a, b}, (const void *const[]){x, y}, first, n, &difference);
    return difference;
}

static void test_reals(void)
{
    double a[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, b[12];
    memcpy(b, a, sizeof a);
    struct value_difference d = compare(&reals, &reals, a, b, 100, 4);
    CHECK(d.n_row == 4 && d.n_value == 12 && d.n_row_different == 0 && d.n_value_different == 0 && d.largest == 0);
    b[4] = 4.5;
    b[5] = -5;
    b[11] = 11.25;
    d = compare(&reals, &reals, a, b, 100, 4);
    CHECK(d.n_row_different == 2 && d.n_value_different == 3 && d.first_row == 101);
    CHECK(d.largest == 10 && d.largest_relative == 2 && d.n_not_finite == 0);
    b[0] = -0.0; /* other bits, by nothing */
    d = compare(&reals, &reals, a, b, 0, 1);
    CHECK(d.n_value_different == 1 && d.first_row == 0 && d.largest == 0 && d.largest_relative == 0);
    a[1] = NAN;
    b[1] = NAN;
    a[2] = INFINITY;
    d = compare(&reals, &reals, a, b, 0, 1);
    CHECK(d.n_value_different == 2 && d.n_not_finite == 1 && d.largest == 0);
    /* Blocks of rows add up. */
    d = (struct value_difference){0};
    const struct dataset *const shapes[] = {&reals, &reals};
    values_compare(shapes, (const void *const[]){a, b}, 0, 2, &d);
    values_compare(shapes, (const void *const[]){a + 6, b + 6}, 2, 2, &d);
    CHECK(d.n_row == 4 && d.n_row_different == 3 && d.n_value_different == 5 && d.first_row == 0 && d.largest == 10);
}

static void test_integers(void)
{
    struct dataset shape = {.path = "/n", .n_dim = 1, .dims = {2}};
    int8_t a8[2] = {-128, 3}, b8[2] = {127, 3};
    uint8_t au[2] = {0, 3}, bu[2] = {255, 3};
    int32_t a32[2] = {INT32_MIN, 3}, b32[2] = {INT32_MAX, 3};
    int64_t a64[2] = {INT64_MIN, 3}, b64[2] = {INT64_MAX, 3};
    shape.type = TABLE_I8;
    CHECK(compare(&shape, &shape, a8, b8, 0, 2).largest == 255);
    shape.type = TABLE_U8;
    CHECK(compare(&shape, &shape, au, bu, 0, 2).largest == 255);
    shape.type = TABLE_I32;
    CHECK(compare(&shape, &shape, a32, b32, 0, 2).largest == 4294967295.0);
    shape.type = TABLE_I64;
    struct value_difference d = compare(&shape, &shape, a64, b64, 0, 2);
    CHECK(d.largest == 0x1p64 && d.n_value_different == 1 && d.n_row == 2 && d.first_row == 0);
}

static void test_texts(void)
{
    struct dataset narrow = {.path = "/s", .type = TABLE_STRING, .n_dim = 1, .dims = {3}, .string_bytes = 2};
    struct dataset wide = narrow;
    wide.string_bytes = 4;
    CHECK(values_comparable(&narrow, &wide));
    struct value_difference d = compare(&narrow, &wide, "ab\0\0x\0", "ab\0\0\0\0\0\0xy\0\0", 7, 3);
    CHECK(d.n_value_different == 1 && d.first_row == 9 && d.largest == 0 && d.n_value == 3);
    d = compare(&narrow, &narrow, "ababab", "ababab", 0, 3);
    CHECK(d.n_value_different == 0);
}

static void test_comparable(void)
{
    struct dataset other = reals;
    CHECK(values_comparable(&reals, &other));
    other.type = TABLE_I64;
    CHECK(!values_comparable(&reals, &other));
    other = reals;
    other.dims[1] = 4;
    CHECK(!values_comparable(&reals, &other));
    other = reals;
    other.n_dim = 1;
    CHECK(!values_comparable(&reals, &other));
}

static void test_top(void)
{
    struct top_agreement t = {0};
    const int64_t a[] = {7, 3, 9, 1}, reversed[] = {1, 9, 3, 7}, half[] = {7, 20, 21, 3}, none[] = {30, 31, 32, 33};
    top_compare(a, a, 4, &t);
    CHECK(t.n_query == 1 && t.top == 4 && t.overlap == 1 && t.least_overlap == 1 && t.n_same == 1 && t.rank == 1);
    top_compare(a, reversed, 4, &t);
    CHECK(t.overlap == 1 && t.n_same == 1 && t.n_ranked == 2 && fabs(t.rank) < 1e-15); /* mean of 1 and −1 */
    top_compare(a, half, 4, &t);
    CHECK(fabs(t.overlap - 2.5 / 3) < 1e-15 && t.least_overlap == 0.5 && t.least_query == 2 && t.n_ranked == 3);
    top_compare(a, none, 4, &t);
    CHECK(fabs(t.overlap - 2.5 / 4) < 1e-15 && t.least_overlap == 0 && t.least_query == 3 && t.n_ranked == 3);
    CHECK(t.n_query == 4 && t.n_same == 1 && fabs(t.rank - 1.0 / 3) < 1e-15);
    t = (struct top_agreement){0};
    const int64_t b[] = {3, 7, 9, 50}; /* common in a's order 7 3 9, in b's 3 7 9: Σd² = 2, 1 − 12/24 */
    top_compare(a, b, 4, &t);
    CHECK(t.overlap == 0.75 && t.rank == 0.5);
}

int main(void)
{
    test_reals();
    test_integers();
    test_texts();
    test_comparable();
    test_top();
    return check_end();
}
