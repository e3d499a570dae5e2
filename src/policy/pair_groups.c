#include "policy/pair_groups.h"

#include <math.h>

#include "base/memory.h"
#include "comm/share.h"

static int64_t n_values(const struct pair_records *records)
{
    int64_t n = 0;
    for (int64_t c = 0; c < records->n_column; c++)
        n += records->columns[c].n_value;
    return n;
}

int64_t pair_groups_bytes(const struct pair_records *records, int64_t n_behaviour, int64_t n_watched)
{
    double cells = (double)n_values(records) * (double)n_behaviour * (double)n_watched;
    double bytes =
        cells * (N_GROUP_SUMS * sizeof(struct sum) + 24) + 8.0 * (double)n_values(records) * (double)n_behaviour;
    return bytes < 9e18 ? (int64_t)bytes : INT64_MAX;
}

void pair_groups_init(const struct pair_records *records, int64_t n_behaviour, int64_t n_watched,
                      const int64_t *watched, struct pair_groups *groups)
{
    int64_t n = n_values(records) * n_behaviour;
    *groups = (struct pair_groups){.records = records,
                                   .n_behaviour = n_behaviour,
                                   .n_watched = n_watched,
                                   .watched = watched,
                                   .first = memory_allocate(records->n_column + 1, sizeof *groups->first),
                                   .sums = memory_allocate(n * n_watched * N_GROUP_SUMS, sizeof *groups->sums),
                                   .interfering = memory_allocate(n, sizeof *groups->interfering)};
    for (int64_t c = 0; c < records->n_column; c++)
        groups->first[c + 1] = groups->first[c] + records->columns[c].n_value;
}

void pair_groups_clear(struct pair_groups *groups)
{
    memory_free(groups->first);
    memory_free(groups->sums);
    memory_free(groups->interfering);
    *groups = (struct pair_groups){0};
}

static struct sum *sums_of(const struct pair_groups *groups, int64_t value, int64_t behaviour, int64_t watched)
{
    return groups->sums + ((value * groups->n_behaviour + behaviour) * groups->n_watched + watched) * N_GROUP_SUMS;
}

/* What is below 2^-400 is next to nothing, and out of the sums' range. */
static bool add_number(struct sum *sum, double value)
{
    return fabs(value) < 0x1p-400 || sum_add_double(sum, value);
}

/* What one pair adds to the sums of a cell. */
static bool add_cell(struct sum *sums, const struct shift *shift, int64_t i)
{
    double total = shift_total(shift, i);
    return add_number(&sums[GROUP_SHIFT], total) && add_number(&sums[GROUP_MAGNITUDE], fabs(total)) &&
           add_number(&sums[GROUP_X], fabs(shift_shapley_x(shift, i))) &&
           add_number(&sums[GROUP_Y], fabs(shift_shapley_y(shift, i)));
}

enum status pair_groups_add(struct pair_groups *groups, int64_t pair, const struct shift *shift,
                            const int8_t *interferes)
{
    for (int64_t c = 0; c < groups->records->n_column; c++) {
        int64_t value = groups->first[c] + groups->records->columns[c].codes[pair];
        for (int64_t b = 0; b < groups->n_behaviour; b++) {
            groups->interfering[value * groups->n_behaviour + b] += interferes[b] == 1;
            for (int64_t k = 0; k < groups->n_watched; k++) {
                int64_t feature = groups->watched[b * groups->n_watched + k];
                if (!add_cell(sums_of(groups, value, b, k), shift, b * shift->n_feature + feature))
                    return fail(NOT_CONVERGED,
                                "expected shifts below 2^500 in magnitude, which can be summed exactly, found a larger "
                                "one of feature %lld",
                                (long long)feature);
            }
        }
    }
    return STATUS_OK;
}

void pair_groups_reduce(MPI_Comm comm, struct pair_groups *groups)
{
    int64_t n = groups->first[groups->records->n_column] * groups->n_behaviour;
    int64_t n_sum = n * groups->n_watched * N_GROUP_SUMS;
    for (int64_t i = 0; i < n_sum; i++)
        sum_normalise(&groups->sums[i]);
    share_sum_to(comm, (int64_t *)groups->sums, (int64_t *)groups->sums, n_sum * SUM_LIMBS);
    share_sum_to(comm, groups->interfering, groups->interfering, n);
}

void pair_groups_means(const struct pair_groups *groups, int64_t c, double *shift, double *magnitude, double *share)
{
    const struct pair_column *column = &groups->records->columns[c];
    int64_t n_cell = groups->n_behaviour * groups->n_watched;
    for (int64_t v = 0; v < column->n_value; v++)
        for (int64_t i = 0; i < n_cell; i++) {
            const struct sum *sums = groups->sums + ((groups->first[c] + v) * n_cell + i) * N_GROUP_SUMS;
            double n = (double)column->count[v], x = sum_value(&sums[GROUP_X]), y = sum_value(&sums[GROUP_Y]);
            shift[v * n_cell + i] = sum_value(&sums[GROUP_SHIFT]) / n;
            magnitude[v * n_cell + i] = sum_value(&sums[GROUP_MAGNITUDE]) / n;
            share[v * n_cell + i] = x + y > 0 ? x / (x + y) : 0;
        }
}
