#include "exact/elementary.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/vector.h"

/* ln 2 in two parts: the first has 42 bits, so that k · LN2_HIGH is exact for every exponent k of a double. */
static const double LN2_HIGH = 0x1.62e42fefa3800p-1, LN2_LOW = 0x1.ef35793c76730p-45;
static const double PER_LN2 = 0x1.71547652b82fep+0;

/* a + b = sum + error, exactly (Knuth). */
static double two_sum(double a, double b, double *error)
{
    double sum = a + b, part = sum - a;
    *error = (a - (sum - part)) + (b - part);
    return sum;
}

/* a · b = product + error, exactly, without a fused multiply-add (Dekker 1971). */
static double two_product(double a, double b, double *error)
{
    const double splitter = 0x1p27 + 1;
    double product = a * b;
    double a_high = splitter * a - (splitter * a - a), a_low = a - a_high;
    double b_high = splitter * b - (splitter * b - b), b_low = b - b_high;
    *error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return product;
}

static double polynomial(const double *coefficients, int n, double x)
{
    double sum = coefficients[n - 1];
    for (int i = n - 2; i >= 0; i--)
        sum = sum * x + coefficients[i];
    return sum;
}

static const double inverse_factorials[] = {
    1 / 2.,      1 / 6.,       1 / 24.,       1 / 120.,       1 / 720.,        1 / 5040.,        1 / 40320.,
    1 / 362880., 1 / 3628800., 1 / 39916800., 1 / 479001600., 1 / 6227020800., 1 / 87178291200.,
};
enum { N_INVERSE_FACTORIALS = sizeof inverse_factorials / sizeof *inverse_factorials };

/* e^x = 2^k e^r with |r| ≤ ln 2 / 2.  r is kept in two doubles, and so is 1 + r: what is rounded before the last
 * addition is r²/2! + r³/3! + … ≤ 0.07 alone, hence 0.7 ulp in all. */
double exact_exp(double x)
{
    if (isnan(x))
        return x;
    if (x > 710)
        return INFINITY;
    if (x < -746)
        return 0;
    double k = rint(x * PER_LN2), r_low, one_low;
    double r = two_sum(x - k * LN2_HIGH, -(k * LN2_LOW), &r_low);
    double rest = r * r * polynomial(inverse_factorials, N_INVERSE_FACTORIALS, r);
    double one = two_sum(1, r, &one_low);
    return ldexp(one + (one_low + (r_low + r_low * r + rest)), (int)k);
}

/* ln x = k ln 2 + 2 artanh s, s = (m − 1)/(m + 1), x = m · 2^k, √½ ≤ m < √2.  s is kept in two doubles; only
 * 2 s³/3 + 2 s⁵/5 + …, at most a hundredth of 2 s, is rounded before the last addition. */
double exact_log(double x)
{
    static const double odd_fractions[] = {
        2 / 3., 2 / 5., 2 / 7., 2 / 9., 2 / 11., 2 / 13., 2 / 15., 2 / 17., 2 / 19., 2 / 21., 2 / 23.,
    };
    if (isnan(x) || x == INFINITY)
        return x;
    if (x <= 0)
        return x < 0 ? NAN : -INFINITY;
    int k;
    double m = frexp(x, &k);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        k--;
    }
    double d_low, product_low, sum_low;
    double d = two_sum(m, 1, &d_low);
    double s = (m - 1) / d;
    double product = two_product(s, d, &product_low);
    double s_low = ((m - 1 - product) - product_low - s * d_low) / d;
    double rest = s * (s * s) * polynomial(odd_fractions, sizeof odd_fractions / sizeof(double), s * s);
    double sum = two_sum(k * LN2_HIGH, 2 * s, &sum_low);
    return sum + (sum_low + (2 * s_low + rest + k * LN2_LOW));
}

/* exact_exp of numbers in [−700, 700], whose results are normal: the same operations without branches, and powers of
 * two made of their bits.  x + 1.5 · 2^52 − 1.5 · 2^52 is rint(x), and leaves the integer in the low bits on the way.
 */
VECTORISED
static void exp_normal(const double *restrict x, int64_t n, double *restrict y)
{
    const double rounder = 0x1.8p52;
    int64_t rounder_bits;
    memcpy(&rounder_bits, &rounder, sizeof rounder_bits);
    for (int64_t i = 0; i < n; i++) {
        double shifted = x[i] * PER_LN2 + rounder, k = shifted - rounder;
        double a = x[i] - k * LN2_HIGH, b = -(k * LN2_LOW);
        double r = a + b, part = r - a, r_low = (a - (r - part)) + (b - part);
        double sum = inverse_factorials[N_INVERSE_FACTORIALS - 1];
        for (int c = N_INVERSE_FACTORIALS - 2; c >= 0; c--)
            sum = sum * r + inverse_factorials[c];
        double rest = r * r * sum;
        double one = 1 + r, one_part = one - 1, one_low = (1 - (one - one_part)) + (r - one_part);
        int64_t power;
        memcpy(&power, &shifted, sizeof power);
        power = (power - rounder_bits + 1023) << 52;
        double scale;
        memcpy(&scale, &power, sizeof scale);
        y[i] = (one + (one_low + (r_low + r_low * r + rest))) * scale;
    }
}

static double largest(const double *z, int64_t n)
{
    double most = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        if (z[i] > most) /* a NaN is passed over here, and met again in the sum */
            most = z[i];
    return most;
}

void exact_softmax(const double *z, int64_t n, double *p)
{
    double most = largest(z, n), sum = 0;
    for (int64_t i = 0; i < n; i++) {
        p[i] = exact_exp(z[i] - most);
        sum += p[i];
    }
    for (int64_t i = 0; i < n; i++)
        p[i] /= sum;
}

enum { SOFTMAX_PIECE = 1024 };

/* y = exact_exp(x), element by element; n ≤ SOFTMAX_PIECE. */
static void exp_piece(const double *x, int64_t n, double *y)
{
    double tame[SOFTMAX_PIECE];
    bool all_tame = true;
    for (int64_t i = 0; i < n; i++) {
        bool is_tame = x[i] >= -700 && x[i] <= 700;
        tame[i] = is_tame ? x[i] : 0;
        all_tame = all_tame && is_tame;
    }
    exp_normal(tame, n, y);
    for (int64_t i = 0; i < n && !all_tame; i++)
        if (!(x[i] >= -700 && x[i] <= 700))
            y[i] = exact_exp(x[i]);
}

void exact_softmax_rows(const double *z, int64_t n_row, int64_t n, double *p)
{
    double shifted[SOFTMAX_PIECE] = {0};
    int64_t at_once = n > 0 ? SOFTMAX_PIECE / n : 0;
    for (int64_t row = 0; row<n_row; row += at_once> 0 ? at_once : 1) {
        if (at_once == 0) { /* longer than a piece */
            exact_softmax(z + row * n, n, p + row * n);
            continue;
        }
        int64_t rows = n_row - row < at_once ? n_row - row : at_once;
        for (int64_t i = 0; i < rows; i++) {
            const double *logits = z + (row + i) * n;
            double most = largest(logits, n);
            for (int64_t j = 0; j < n; j++)
                shifted[i * n + j] = logits[j] - most;
        }
        exp_piece(shifted, rows * n, p + row * n);
        for (int64_t i = 0; i < rows; i++) {
            double *out = p + (row + i) * n, sum = 0;
            for (int64_t j = 0; j < n; j++)
                sum += out[j];
            for (int64_t j = 0; j < n; j++)
                out[j] /= sum;
        }
    }
}

double exact_logsumexp(const double *z, int64_t n)
{
    if (n == 0)
        return -INFINITY;
    double most = largest(z, n), sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exact_exp(z[i] - most);
    return most + exact_log(sum);
}
