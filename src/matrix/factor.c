#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "comm/agree.h"
#include "matrix/system_parts.h"

/* Beyond it a product of two entries, or what Cholesky makes of them, might leave the range of doubles. */
static const double LARGEST = 0x1p400;

/* S + diagonal rounded to doubles, into the array of the factor: the lower triangle of the kept rows and columns, and
 * `unit` on the diagonal of the others. */
static void fill(struct system *system, double unit)
{
    const uint8_t *kept = system->kept;
    for (int64_t j = 0; j < system->n_local_column; j++) {
        const int64_t column = system->column[j], top = system_row_below(system, column - 1);
        double *factor = system->factor + j * system->stride;
        memset(factor, 0, (size_t)top * sizeof *factor);
        for (int64_t i = top; i < system->n_local_row; i++) {
            double value = system->first[i + j * system->stride];
            factor[i] = kept[column] && kept[system->row[i]] ? value : 0;
            if (system->row[i] == column)
                factor[i] = kept[column] ? value + system->diagonal[column] : unit;
        }
    }
}

/* The largest entry on the diagonal of the kept rows: where rows are left out, it neither raises the norm of the matrix
 * nor that of its inverse, so that the condition is that of the rows that are kept. */
static double largest_of_diagonal(const struct system *system)
{
    double largest = 0;
    for (int64_t j = 0; j < system->n_local_column; j++) {
        const int64_t column = system->column[j], i = system_row_below(system, column - 1);
        if (i < system->n_local_row && system->row[i] == column && system->kept[column]) {
            double value = system->first[i + j * system->stride] + system->diagonal[column];
            largest = value > largest ? value : largest;
        }
    }
    MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, system->grid.comm);
    return largest > 0 ? largest : 1;
}

static enum status check_range(const struct system *system)
{
    for (int64_t j = 0; j < system->n_local_column; j++)
        for (int64_t i = 0; i < system->n_local_row; i++) {
            double value = system->factor[i + j * system->stride];
            if (!(fabs(value) <= LARGEST)) /* NaN included */
                return fail(NOT_CONVERGED,
                            "entry (%lld, %lld) of the normal equations is %g, expected finite numbers below 2^400: "
                            "scale the features",
                            (long long)system->row[i], (long long)system->column[j], value);
        }
    return STATUS_OK;
}

/* The 1-norm, by pdlansy; its work is bounded for any shape of the grid. */
static double norm_of(struct system *system)
{
    const int n = to_int(system->n), one = 1;
    int descriptor[DESCRIPTOR_LENGTH];
    system_describe(system, system->n, system->block, descriptor);
    int64_t n_work = 2 * (system->n_local_row + system->n_local_column + 2 * system->block);
    double *work = memory_allocate(n_work, sizeof *work);
    double norm = pdlansy_("1", "L", &n, system->factor, &one, &one, descriptor, work, 1, 1);
    memory_free(work);
    return norm;
}

/* Of the ranks of the grid alone. */
static enum status factor_in_grid(struct system *system, double *norm)
{
    *norm = norm_of(system);
    const int pivot = system_cholesky(system);
    if (pivot == 0)
        return STATUS_OK;
    return fail(NOT_CONVERGED,
                "the normal equations of order %lld are not positive definite: pivot %d (row %d from 0) of their "
                "Cholesky factor is not above zero; raise the ridge parameter λ, or leave out what depends on "
                "the rows before it",
                (long long)system->n, pivot, pivot - 1);
}

enum status system_factor(struct system *system, const double *diagonal, const uint8_t *kept)
{
    MPI_Comm comm = system->grid.comm;
    system->condition = 0;
    memcpy(system->diagonal, diagonal, (size_t)system->n * sizeof *diagonal);
    if (kept != NULL)
        memcpy(system->kept, kept, (size_t)system->n);
    else
        memset(system->kept, 1, (size_t)system->n);
    fill(system, largest_of_diagonal(system));
    enum status status = agree(comm, check_range(system));
    if (status != STATUS_OK)
        return status;
    double norm = 0;
    if (system->grid.context >= 0)
        status = factor_in_grid(system, &norm);
    status = agree(comm, status);
    if (status != STATUS_OK)
        return status;
    MPI_Bcast(&norm, 1, MPI_DOUBLE, 0, comm);
    const double condition = norm * system_inverse_norm(system);
    system->condition = isnan(condition) ? INFINITY : condition > 1 ? condition : 1;
    return STATUS_OK;
}
