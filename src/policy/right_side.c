#include "policy/right_side.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/share.h"
#include "exact/gram.h"
#include "exact/sum.h"

enum {
    Y_BITS = 54,           /* of y − centre: what gram_cross takes */
    LEAST_EXPONENT = -300, /* of the largest |y − centre|; below it is noise of the mean */
    LIMB_PIECE = 1 << 16   /* columns summed over ranks at a time */
};

/* y − centre of one behaviour as integers in units of 2^*exponent. */
static void take_integers(const struct behaviour *behaviour, int64_t b, int64_t *y, int *exponent)
{
    const double *value = behaviour->value + b * behaviour->n_probe;
    double largest = 0;
    for (int64_t i = 0; i < behaviour->n_probe; i++)
        largest = fmax(largest, fabs(value[i] - behaviour->centre[b]));
    int e;
    frexp(largest, &e); /* largest < 2^e */
    e = e < LEAST_EXPONENT ? LEAST_EXPONENT : e;
    for (int64_t i = 0; i < behaviour->n_probe; i++)
        y[i] = (int64_t)rint(ldexp(value[i] - behaviour->centre[b], Y_BITS - e));
    *exponent = e - Y_BITS;
}

/* Adds Σ q y of a part's rows. */
static void add_part(const struct features *features, int p, const int64_t *y, int exponent, struct sum *sums)
{
    const struct quantised *part = &features->part[p];
    int64_t *own = memory_allocate_raw(part->n_row, sizeof *own);
    for (int64_t i = 0; i < part->n_row; i++)
        own[i] = y[features->probe[p][i]];
    gram_cross(part, own, exponent, sums);
    memory_free(own);
}

/* Over all ranks.  @collective comm */
static void reduce(MPI_Comm comm, struct sum *sums, int64_t n)
{
    for (int64_t j = 0; j < n; j++)
        sum_normalise(&sums[j]);
    for (int64_t at = 0; at < n; at += LIMB_PIECE)
        share_sum(comm, sums[at].limb, (n - at < LIMB_PIECE ? n - at : LIMB_PIECE) * SUM_LIMBS);
}

void right_side_make(MPI_Comm comm, const struct features *features, const struct behaviour *behaviour, int fold,
                     const int *shift, double *b, double *b_low)
{
    _Static_assert(sizeof(struct sum) == SUM_LIMBS * sizeof(int64_t), "sums travel as their limbs");
    int64_t n = 1 + features->n_feature;
    int64_t *y = memory_allocate_raw(features->n_probe, sizeof *y);
    struct sum *sums = memory_allocate_raw(n, sizeof *sums);
    for (int64_t k = 0; k < behaviour->n; k++) {
        int exponent;
        take_integers(behaviour, k, y, &exponent);
        memset(sums, 0, (size_t)n * sizeof *sums);
        for (int p = 0; p < features->n_part; p++)
            if (p != fold)
                add_part(features, p, y, exponent, sums);
        reduce(comm, sums, n);
        for (int64_t j = 0; j < n; j++) {
            double first = sum_value(&sums[j]);
            ASSERT(sum_add_double(&sums[j], -first));
            b[k * n + j] = ldexp(first, -shift[j]);
            b_low[k * n + j] = ldexp(sum_value(&sums[j]), -shift[j]);
        }
    }
    memory_free(sums);
    memory_free(y);
}
