/* What the files of a system share; the rest of the project uses matrix/system.h. */
#ifndef ASSAY_MATRIX_SYSTEM_PARTS_H
#define ASSAY_MATRIX_SYSTEM_PARTS_H

#include "matrix/scalapack.h"
#include "matrix/system.h"

/* Local arrays are column-major: local (i, j) at i + j · stride.  Below the global diagonal and on it they hold S,
 * above it zeros. */
struct system {
    struct grid grid; /* its communicator is borrowed */
    int64_t n, block;
    int64_t n_local_row, n_local_column; /* 0 outside of the grid */
    int64_t stride;                      /* n_local_row, at least 1 */
    int64_t *row, *column;               /* owned; the global index of each local one, ascending */
    double *first, *second;              /* owned; S = first + second, |second| ≤ half an ulp of first */
    double *factor;                      /* owned; of S + diagonal: L of Cholesky */
    double *diagonal;                    /* owned; n; what was factored with S */
    uint8_t *kept;                       /* owned; n */
    double condition;                    /* 0: not factored */
};

/* Right-hand sides solved at once, at most. */
enum { MAX_SIDES = 64 };
/* The same for this order, so that a vector of them all stays within some MiB.  @local */
int64_t sides_at_once(int64_t n);

/* The first local row below row `global` of the whole matrix.  @local */
int64_t system_row_below(const struct system *system, int64_t global);
/* The descriptor of an n × n_column matrix whose rows lie as those of S.  @local */
void system_describe(const struct system *system, int64_t n_column, int64_t column_block,
                     int descriptor[DESCRIPTOR_LENGTH]);

/* The factor's array becomes the factor.  Returns 0, or the number of the first pivot that is not above zero, from 1.
 * @collective the ranks of the grid */
int system_cholesky(struct system *system);

/* x = (L Lᵀ)⁻¹ x for n_side vectors (n_side × n, the same on every rank before and after), in double: the last bits
 * depend on the grid and on BLAS.  @collective system->grid.comm */
void system_apply_inverse(const struct system *system, int64_t n_side, double *x);

/* An estimate of the 1-norm of (L Lᵀ)⁻¹, rarely more than three times too small.  @collective system->grid.comm
 * @source Higham, FORTRAN codes for estimating the one-norm of a matrix, 1988, algorithm 4.1 */
double system_inverse_norm(const struct system *system);

/* Bytes of one rank, in the worst case, besides `struct system`: of a panel's reduction, of what PBLAS takes for the
 * factor, and of a solution.  @local */
int64_t panel_bytes(int64_t n);
int64_t cholesky_bytes(int64_t n_local_row, int64_t n_local_column);
int64_t solution_bytes(int64_t n, int64_t n_local_row, int64_t n_local_column);

#endif
