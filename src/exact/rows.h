/* Rows of numbers, dense or sparse, on one rank. */
#ifndef ASSAY_EXACT_ROWS_H
#define ASSAY_EXACT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

/* Either `dense`, or compressed sparse rows: row i has the entries [start[i], start[i + 1]), columns strictly
 * ascending, no zeros kept.  Finite values only. */
struct rows {
    int64_t n_row, n_column;
    double *dense;     /* owned; n_row × n_column, row-major; NULL when sparse */
    int64_t *start;    /* owned; n_row + 1; NULL when dense, as the next two */
    int32_t *column;   /* owned; start[n_row] entries are in use */
    double *value;     /* owned */
    int64_t capacity;  /* numbers that `dense`, or entries that `column` and `value` have room for */
    int64_t start_end; /* starts that there is room for, at least n_row + 1 */
};

void rows_init_dense(struct rows *rows, int64_t n_row, int64_t n_column); /* all zero */
void rows_init_sparse(struct rows *rows, int64_t n_column);               /* no rows yet; n_column < 2^31 */
void rows_clear(struct rows *rows);
/* Adds a row to sparse rows: n entries, columns strictly ascending; zeros among them are left out.  Room grows by half
 * when it is used up, here and in rows_append.  @local */
void rows_add(struct rows *rows, int64_t n, const int32_t *column, const double *value);
/* Appends the rows of `from`, which must be of the same kind and width.  @local */
void rows_append(struct rows *rows, const struct rows *from);

static inline bool rows_are_dense(const struct rows *rows)
{
    return rows->start == 0;
}

/* Row i into out[n_column], zeros included.  @local */
void rows_get(const struct rows *rows, int64_t i, double *out);
/* Σ_j row_i[j] · v[j], in order of j from 0: the same bits everywhere, and for dense rows as for sparse ones.
 * @local */
double rows_dot(const struct rows *rows, int64_t i, const double *v);

#endif
