#include "influence/score_row.h"

#include <string.h>

#include "base/vector.h"

/* Rounds |x| < 2^51 half to even: adding 1.5 · 2^52 leaves the integer in the low bits, on any IEEE machine. */
static inline int64_t round_to_integer(double x)
{
    static const double magic = 0x1.8p52;
    double shifted = x + magic;
    int64_t bits, magic_bits;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&magic_bits, &magic, sizeof magic_bits);
    return bits - magic_bits;
}

VECTORISED
static void score_one(int64_t n, double scale, const double *restrict product, const double *restrict query_scale,
                      double weight, const double *restrict query_weight, int64_t *restrict out)
{
    for (int64_t j = 0; j < n; j++)
        out[j] = round_to_integer((product[j] * (scale * query_scale[j])) * (weight * query_weight[j]));
}

struct second_factor {
    const double *product, *query_scale;
    double scale, bias;
};

VECTORISED
static void score_two(int64_t n, double scale, const double *restrict product, const double *restrict query_scale,
                      const struct second_factor *second, double weight, const double *restrict query_weight,
                      int64_t *restrict out)
{
    const double *restrict product1 = second->product, *restrict query_scale1 = second->query_scale;
    double scale1 = second->scale, bias = second->bias;
    for (int64_t j = 0; j < n; j++)
        out[j] = round_to_integer((product[j] * (scale * query_scale[j])) *
                                  (product1[j] * (scale1 * query_scale1[j]) + bias) * (weight * query_weight[j]));
}

/* ⟨g, g_j⟩ of a sequence: over the positions t of the example, and within them u of the query. */
static double sum_positions(const struct score_row *row, int64_t j)
{
    int64_t n_train = row->capture->side[TRAIN_SIDE].n_row, n_query = row->capture->side[QUERY_SIDE].n_row;
    int64_t n_column = row->n_query * n_query;
    double sum = 0;
    for (int64_t t = 0; t < n_train; t++) {
        double scale0 = digits_scale(&row->digits[0], row->first_row + t);
        double scale1 = digits_scale(&row->digits[1], row->first_row + t);
        for (int64_t u = j * n_query; u < (j + 1) * n_query; u++)
            sum += (row->product[0][t * n_column + u] * (scale0 * row->query_scale[0][u])) *
                   (row->product[1][t * n_column + u] * (scale1 * row->query_scale[1][u]) + row->capture->bias);
    }
    return sum;
}

void score_row(const struct score_row *row, int64_t *out)
{
    const struct capture *capture = row->capture;
    if (capture->side[TRAIN_SIDE].n_row > 1 || capture->side[QUERY_SIDE].n_row > 1) {
        for (int64_t j = 0; j < row->n_query; j++)
            out[j] = round_to_integer(sum_positions(row, j) * (row->weight * row->query_weight[j]));
        return;
    }
    double scale = digits_scale(&row->digits[0], row->first_row);
    if (capture->n_factor == 1) {
        score_one(row->n_query, scale, row->product[0], row->query_scale[0], row->weight, row->query_weight, out);
        return;
    }
    struct second_factor second = {row->product[1], row->query_scale[1], digits_scale(&row->digits[1], row->first_row),
                                   capture->bias};
    score_two(row->n_query, scale, row->product[0], row->query_scale[0], &second, row->weight, row->query_weight, out);
}

VECTORISED
void score_add(int64_t *into, const int64_t *from, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        into[j] += from[j];
}
