#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "comm/share.h"
#include "counterfactual/ridge.h"
#include "exact/dense.h"
#include "exact/sum.h"

int64_t ridge_bytes(int64_t size, int64_t n_output, int64_t n_query)
{
    int64_t entries = size * (size + 1) / 2 + size * n_output;
    return entries * (int64_t)sizeof(struct sum) +
           (3 * size * size + 3 * size * n_output + n_query * (2 * size + n_output + 2)) * (int64_t)sizeof(double);
}

/* Σ over all blocks of the lower triangle of ZᵀZ, then of ZᵀT. */
static bool add_block(const struct ridge *ridge, const struct removal *part, struct sum *sums)
{
    bool good = true;
    for (int64_t i = 0; i < ridge->size; i++)
        for (int64_t j = 0; j <= i; j++)
            good = sum_add_double(sums++, part->gram[i * ridge->size + j]) && good;
    for (int64_t i = 0; i < ridge->n_output * ridge->size; i++)
        good = sum_add_double(sums++, part->right[i]) && good;
    return good;
}

static enum status sum_blocks(MPI_Comm comm, struct ridge *ridge, struct slab *slab, struct sum *sums)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    struct removal part;
    removal_init(ridge, &part);
    enum status status = STATUS_OK;
    for (int64_t b = rank; b < slab_count(slab->inquiry) && status == STATUS_OK; b += size) {
        status = slab_read(slab, b, SLAB_RIDGE, true);
        if (status != STATUS_OK)
            break;
        memset(part.gram, 0, (size_t)(ridge->size * ridge->size) * sizeof *part.gram);
        memset(part.right, 0, (size_t)(ridge->size * ridge->n_output) * sizeof *part.right);
        removal_add(ridge, slab->n, slab->z, slab->t, NULL, NULL, &part);
        if (!add_block(ridge, &part, sums))
            status = fail(BAD_INPUT, "%s: expected features whose products stay between 2^-512 and 2^500, found others",
                          slab->inquiry->config->ridge.features);
    }
    removal_clear(&part);
    return agree(comm, status);
}

static void take_sums(MPI_Comm comm, struct ridge *ridge, struct sum *sums)
{
    int64_t size = ridge->size, n = size * (size + 1) / 2 + size * ridge->n_output;
    for (int64_t i = 0; i < n; i++)
        sum_normalise(&sums[i]);
    share_sum(comm, sums->limb, n * SUM_LIMBS);
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j <= i; j++) {
            double value = sum_value(sums++);
            ridge->gram[i * size + j] = ridge->gram[j * size + i] = value;
        }
    for (int64_t i = 0; i < ridge->n_output * size; i++)
        ridge->right[i] = sum_value(sums++);
    for (int64_t i = 1; i < size; i++)
        ridge->gram[i * size + i] += ridge->lambda;
}

static enum status solve(struct ridge *ridge)
{
    int64_t size = ridge->size, k = ridge->n_output;
    memcpy(ridge->factor, ridge->gram, (size_t)(size * size) * sizeof *ridge->factor);
    memcpy(ridge->coefficient, ridge->right, (size_t)(size * k) * sizeof *ridge->coefficient);
    enum status status = ridge_factor(ridge, ridge->factor);
    if (status != STATUS_OK)
        return status;
    dense_solve_lower(size, ridge->factor, k, ridge->coefficient);
    dense_solve_upper(size, ridge->factor, k, ridge->coefficient);
    return STATUS_OK;
}

static enum status ask(MPI_Comm comm, struct inquiry *inquiry, struct ridge *ridge)
{
    int64_t n = ridge->n_query, size = ridge->size, k = ridge->n_output;
    double *features;
    enum status status = inquiry_load(comm, inquiry, RIDGE_QUERIES, &features);
    if (status != STATUS_OK)
        return status;
    for (int64_t q = 0; q < n; q++) {
        ridge->query[q * size] = 1;
        memcpy(ridge->query + q * size + 1, features + q * (size - 1), (size_t)(size - 1) * sizeof *features);
    }
    memory_free(features);
    memcpy(ridge->half, ridge->query, (size_t)(n * size) * sizeof *ridge->half);
    dense_solve_lower(size, ridge->factor, n, ridge->half);
    dense_add_product(n, k, size, ridge->query, size, ridge->coefficient, size, ridge->prediction, k);
    for (int64_t q = 0; q < n; q++) {
        ridge->predicted[q] = ridge_decide(ridge, ridge->prediction + q * k);
        ridge->margin[q] = ridge_margin(ridge, ridge->prediction + q * k, ridge->predicted[q]);
    }
    return STATUS_OK;
}

enum status ridge_fit(MPI_Comm comm, struct inquiry *inquiry, struct slab *slab, struct ridge *ridge)
{
    int64_t size = slab->size, k = slab->targets->n, n_query = inquiry->queries.n;
    *ridge = (struct ridge){.n = inquiry->samples.n,
                            .size = size,
                            .n_output = k,
                            .n_query = n_query,
                            .lambda = inquiry->config->ridge.lambda,
                            .threshold = inquiry->config->ridge.threshold};
    ridge->gram = memory_allocate(size * size, sizeof(double));
    ridge->factor = memory_allocate(size * size, sizeof(double));
    ridge->right = memory_allocate(size * k, sizeof(double));
    ridge->coefficient = memory_allocate(size * k, sizeof(double));
    ridge->query = memory_allocate(n_query * size, sizeof(double));
    ridge->half = memory_allocate(n_query * size, sizeof(double));
    ridge->prediction = memory_allocate(n_query * k, sizeof(double));
    ridge->margin = memory_allocate(n_query, sizeof(double));
    ridge->predicted = memory_allocate(n_query, sizeof *ridge->predicted);
    struct sum *sums = memory_allocate(size * (size + 1) / 2 + size * k, sizeof *sums);
    enum status status = sum_blocks(comm, ridge, slab, sums);
    if (status == STATUS_OK)
        take_sums(comm, ridge, sums);
    memory_free(sums);
    if (status == STATUS_OK)
        status = solve(ridge); /* the same numbers everywhere, and so the same verdict */
    if (status == STATUS_OK)
        status = ask(comm, inquiry, ridge);
    if (status != STATUS_OK)
        ridge_clear(ridge);
    return status;
}
