#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "matrix/system_parts.h"

enum { PIECE_ENTRIES = 1 << 22 }; /* of a gathered matrix, in one MPI call */

static int64_t *global_indices(int64_t n, int64_t n_local, int64_t block, int place, int n_place)
{
    int64_t *global = memory_allocate(n_local, sizeof *global);
    for (int64_t i = 0; i < n_local; i++) {
        global[i] = cyclic_global(i, block, place, n_place);
        ASSERT(global[i] < n);
    }
    return global;
}

struct system *system_create(const struct grid *grid, int64_t n, int64_t block)
{
    ASSERT(n > 0 && block > 0);
    struct system *system = memory_allocate(1, sizeof *system);
    system->grid = *grid;
    system->n = n;
    system->block = block;
    system->n_local_row = cyclic_count(n, block, grid->row, grid->n_row);
    system->n_local_column = cyclic_count(n, block, grid->column, grid->n_column);
    system->stride = system->n_local_row > 0 ? system->n_local_row : 1;
    ASSERT(system->n_local_column <= INT_MAX / system->stride); /* ScaLAPACK counts local entries in int */
    system->row = global_indices(n, system->n_local_row, block, grid->row, grid->n_row);
    system->column = global_indices(n, system->n_local_column, block, grid->column, grid->n_column);
    int64_t n_local = system->stride * system->n_local_column;
    system->first = memory_allocate(n_local, sizeof(double));
    system->second = memory_allocate(n_local, sizeof(double));
    system->factor = memory_allocate(n_local, sizeof(double));
    system->diagonal = memory_allocate(n, sizeof(double));
    system->kept = memory_allocate(n, 1);
    return system;
}

void system_destroy(struct system *system)
{
    if (system == NULL)
        return;
    memory_free(system->row);
    memory_free(system->column);
    memory_free(system->first);
    memory_free(system->second);
    memory_free(system->factor);
    memory_free(system->diagonal);
    memory_free(system->kept);
    memory_free(system);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t system_bytes(int n_row, int n_column, int64_t n, int64_t block)
{
    int64_t rows = cyclic_count(n, block, 0, n_row), columns = cyclic_count(n, block, 0, n_column);
    if (n > INT_MAX || columns > INT_MAX / rows)
        return INT64_MAX;
    int64_t arrays = (3 * rows * columns + rows + columns + 2 * n) * (int64_t)sizeof(double);
    return arrays + larger(larger(panel_bytes(n), cholesky_bytes(rows, columns)), solution_bytes(n, rows, columns));
}

int64_t system_row_below(const struct system *system, int64_t global)
{
    return cyclic_count(global + 1, system->block, system->grid.row, system->grid.n_row);
}

void system_describe(const struct system *system, int64_t n_column, int64_t column_block,
                     int descriptor[DESCRIPTOR_LENGTH])
{
    const int values[DESCRIPTOR_LENGTH] = {DESCRIPTOR_DENSE,     system->grid.context,    to_int(system->n),
                                           to_int(n_column),     to_int(system->block),   to_int(column_block),
                                           0 /* of first row */, 0 /* of first column */, to_int(system->stride)};
    memcpy(descriptor, values, sizeof values);
}

void system_set(struct system *system, const double *matrix)
{
    for (int64_t j = 0; j < system->n_local_column; j++) {
        int64_t column = system->column[j];
        for (int64_t i = system_row_below(system, column - 1); i < system->n_local_row; i++) {
            system->first[i + j * system->stride] = matrix[system->row[i] * system->n + column];
            system->second[i + j * system->stride] = 0;
        }
    }
}

double system_condition(const struct system *system)
{
    return system->condition;
}

void system_gather(const struct system *system, double *out)
{
    const int64_t n = system->n, n_entry = n * n;
    memset(out, 0, (size_t)n_entry * sizeof *out);
    for (int64_t j = 0; j < system->n_local_column; j++) {
        int64_t column = system->column[j];
        for (int64_t i = system_row_below(system, column - 1); i < system->n_local_row; i++) {
            double value = system->first[i + j * system->stride];
            out[system->row[i] * n + column] = value;
            out[column * n + system->row[i]] = value;
        }
    }
    /* Every entry is zero bits on all ranks but one: joining bits moves doubles and adds none. */
    for (int64_t at = 0; at < n_entry; at += PIECE_ENTRIES) {
        int64_t n_piece = n_entry - at < PIECE_ENTRIES ? n_entry - at : PIECE_ENTRIES;
        MPI_Allreduce(MPI_IN_PLACE, out + at, to_int(n_piece), MPI_UINT64_T, MPI_BOR, system->grid.comm);
    }
}
