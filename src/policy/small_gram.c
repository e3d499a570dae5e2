#include "policy/small_gram.h"

#include "base/memory.h"
#include "comm/share.h"
#include "exact/dense.h"

/* Rows of the lower triangle that one rank makes at a time; bands are dealt back and forth, since later ones are
 * longer.
 */
enum { BAND = 64 };

static bool is_mine(MPI_Comm comm, int64_t band)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int64_t turn = band / size, place = band % size;
    return (turn % 2 == 0 ? place : size - 1 - place) == rank;
}

/* The lower triangle of A Aᵀ, A dense n × k; this rank's bands. */
static void multiply_dense(MPI_Comm comm, const double *a, int64_t n, int64_t k, double *out)
{
    for (int64_t first = 0; first < n; first += BAND)
        if (is_mine(comm, first / BAND)) {
            int64_t count = n - first < BAND ? n - first : BAND;
            dense_add_product(count, first + count, k, a + first * k, k, a, k, out + first * n, n);
        }
}

/* One row at a time, spread out, against those before it. */
static void multiply_sparse_rows(MPI_Comm comm, const struct rows *x, double *out)
{
    double *row = memory_allocate(x->n_column, sizeof *row);
    for (int64_t i = 0; i < x->n_row; i++) {
        if (!is_mine(comm, i / BAND))
            continue;
        for (int64_t k = x->start[i]; k < x->start[i + 1]; k++)
            row[x->column[k]] = x->value[k];
        for (int64_t j = 0; j <= i; j++)
            out[i * x->n_row + j] = rows_dot(x, j, row);
        for (int64_t k = x->start[i]; k < x->start[i + 1]; k++)
            row[x->column[k]] = 0;
    }
    memory_free(row);
}

/* Outer products of [1 x_i] in order of i, where the first factor's column lies in a band of this rank. */
static void multiply_sparse_columns(MPI_Comm comm, const struct rows *x, double *out)
{
    int64_t n = x->n_column + 1;
    for (int64_t i = 0; i < x->n_row; i++) {
        const int32_t *column = x->column + x->start[i];
        const double *value = x->value + x->start[i];
        if (is_mine(comm, 0))
            out[0] += 1;
        for (int64_t k = 0; k < x->start[i + 1] - x->start[i]; k++) {
            int64_t row = 1 + column[k];
            if (!is_mine(comm, row / BAND))
                continue;
            out[row * n] += value[k];
            for (int64_t l = 0; l <= k; l++)
                out[row * n + 1 + column[l]] += value[k] * value[l];
        }
    }
}

static void multiply_dense_columns(MPI_Comm comm, const struct rows *x, double *out)
{
    int64_t n = x->n_column + 1, k = x->n_row;
    double *columns = memory_allocate_raw(n * k, sizeof *columns); /* Zᵀ */
    for (int64_t i = 0; i < k; i++) {
        columns[i] = 1;
        for (int64_t j = 0; j < x->n_column; j++)
            columns[(1 + j) * k + i] = x->dense[i * x->n_column + j];
    }
    multiply_dense(comm, columns, n, k, out);
    memory_free(columns);
}

/* All ranks get the bands of all, and both triangles. */
static void finish(MPI_Comm comm, double *matrix, int64_t n)
{
    for (int64_t i = 0; i < n; i++) /* a band may reach beyond the diagonal */
        for (int64_t j = i + 1; j < n; j++)
            matrix[i * n + j] = 0;
    share_doubles(comm, matrix, n * n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            matrix[i * n + j] = matrix[j * n + i];
}

double *small_gram_rows(MPI_Comm comm, const struct rows *x)
{
    int64_t n = x->n_row;
    double *matrix = memory_allocate(n * n, sizeof *matrix);
    if (rows_are_dense(x))
        multiply_dense(comm, x->dense, n, x->n_column, matrix);
    else
        multiply_sparse_rows(comm, x, matrix);
    finish(comm, matrix, n);
    return matrix;
}

double *small_gram_columns(MPI_Comm comm, const struct rows *x)
{
    int64_t n = x->n_column + 1;
    double *matrix = memory_allocate(n * n, sizeof *matrix);
    if (rows_are_dense(x))
        multiply_dense_columns(comm, x, matrix);
    else
        multiply_sparse_columns(comm, x, matrix);
    finish(comm, matrix, n);
    return matrix;
}
