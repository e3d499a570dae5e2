/* A symmetric positive definite system spread block-cyclically over a grid: kept exactly, factored by ScaLAPACK, solved
 * to the same bits on every grid. */
#ifndef ASSAY_MATRIX_SYSTEM_H
#define ASSAY_MATRIX_SYSTEM_H

#include <stdint.h>

#include "base/status.h"
#include "exact/gram.h"
#include "matrix/grid.h"

struct system;

/* S (n × n), all zero, in blocks of `block`.  The grid stays open for as long as the system is used.
 * @collective grid->comm */
struct system *system_create(const struct grid *grid, int64_t n, int64_t block);
void system_destroy(struct system *system); /* NULL is fine */
/* Bytes per rank, factor and work of a solution included, at most; INT64_MAX when more entries would come to a rank
 * than ScaLAPACK can count: for plans.  @local */
int64_t system_bytes(int n_row, int n_column, int64_t n, int64_t block);

enum { SYSTEM_MAX_SHIFT = 180 };
/* Sums the panels of all ranks (each its own rows' part, all with the same first and width) and keeps every entry with
 * its owner, exactly, times 2^−(shift[i] + shift[j]), instead of what was there; shift may be NULL: as it is.  Each
 * |shift| ≤ SYSTEM_MAX_SHIFT.  @collective */
void system_add_panel(struct system *system, const struct gram_panel *panel, const int *shift);
/* Takes the lower triangle from a matrix that every rank has (n × n, row-major).  @collective */
void system_set(struct system *system, const double *matrix);

/* Factors S with diagonal[i] added to its diagonal (n; the same on every rank).  Where kept[i] = 0, row and column i
 * are left out: the system is that of the others, and unknown i is its own right-hand side.  kept may be NULL: all.
 * @collective   @fails NOT_CONVERGED when it is not positive definite (the sentence names the pivot), or has entries
 * that are not finite or beyond 2^400 */
enum status system_factor(struct system *system, const double *diagonal, const uint8_t *kept);
/* An estimate of the condition number in the 1-norm of what was factored (at least 1); its last bits depend on the
 * grid. */
double system_condition(const struct system *system);

/* Solves for n_side right-hand sides (n_side × n, as sums of two doubles; b_low may be NULL), the same on every rank.
 * Exact residuals refine the solution until it is known to 2^−96 of its largest entry, which is below 2^E; then each
 * entry is rounded onto multiples of 2^(E − 40), one E per side: the same doubles on every grid and with every BLAS
 * (matrix/canonical.h says why).  After a failure x is undefined.
 * @collective   @fails NOT_CONVERGED: names the condition estimate; BAD_INPUT: a right-hand side is not finite */
enum status system_solve(const struct system *system, int64_t n_side, const double *b, const double *b_low, double *x);

/* The whole symmetric matrix S (without diagonal), rounded to doubles, on every rank: out is n × n.  @collective */
void system_gather(const struct system *system, double *out);

#endif
