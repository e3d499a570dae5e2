#include "table/transfer.h"

/* Elements of all dimensions after `dim`. */
static int64_t step_elements(const struct dataset *dataset, int dim)
{
    int64_t n = 1;
    for (int i = dim + 1; i < dataset->n_dim; i++)
        n *= dataset->dims[i];
    return n;
}

static int64_t block_dim(const struct transfers *transfers, int dim)
{
    return dim == 0 ? transfers->n : transfers->dataset->dims[dim];
}

/* Transfers per line along the dimension that is cut. */
static int64_t per_line(const struct transfers *transfers)
{
    return (block_dim(transfers, transfers->dim) + transfers->steps - 1) / transfers->steps;
}

void transfers_plan(const struct dataset *dataset, int64_t first, int64_t n, int64_t limit, struct transfers *transfers)
{
    int64_t element = dataset_element_bytes(dataset), most = limit / element;
    ASSERT(most > 0);
    *transfers = (struct transfers){.dataset = dataset, .first = first, .n = n};
    if (n == 0 || dataset_row_bytes(dataset) == 0)
        return;
    if (dataset->n_dim == 0) {
        transfers->steps = transfers->n_transfer = 1;
        return;
    }
    while (step_elements(dataset, transfers->dim) > most)
        transfers->dim++;
    transfers->steps = most / step_elements(dataset, transfers->dim);
    transfers->n_transfer = per_line(transfers);
    for (int i = 0; i < transfers->dim; i++)
        transfers->n_transfer *= block_dim(transfers, i);
}

void transfers_get(const struct transfers *transfers, int64_t i, struct transfer *transfer)
{
    const struct dataset *dataset = transfers->dataset;
    int dim = transfers->dim;
    *transfer = (struct transfer){.n_element = 1};
    if (dataset->n_dim == 0)
        return;
    int64_t line = i / per_line(transfers), along = i % per_line(transfers) * transfers->steps;
    int64_t left = block_dim(transfers, dim) - along;
    transfer->start[dim] = along;
    transfer->count[dim] = left < transfers->steps ? left : transfers->steps;
    for (int j = dim - 1; j >= 0; j--) {
        transfer->start[j] = line % block_dim(transfers, j);
        transfer->count[j] = 1;
        line /= block_dim(transfers, j);
    }
    for (int j = dim + 1; j < dataset->n_dim; j++)
        transfer->count[j] = dataset->dims[j];
    for (int j = 0; j < dataset->n_dim; j++) {
        transfer->offset += transfer->start[j] * step_elements(dataset, j) * dataset_element_bytes(dataset);
        transfer->n_element *= transfer->count[j];
    }
    transfer->start[0] += transfers->first;
}
