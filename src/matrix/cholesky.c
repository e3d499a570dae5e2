/* Cholesky by halves: columns are factored by pdpotrf a block at a time, and half of the columns at a time update the
 * others, so that nearly all of the work is in long products.  pdpotrf alone updates with one block of columns at a
 * time, and reads and writes the rest of the matrix for each. */
#include "base/memory.h"
#include "matrix/system_parts.h"

static const double PLUS = 1, MINUS = -1;

/* The width of the products that PBLAS makes of its own: it asks this function, which programs may bring along to set
 * it.  The 32 of ScaLAPACK itself are too narrow for today's dgemm. */
enum { PBLAS_WIDTH = 128 };

int pilaenv_(const int *context, const char *precision)
{
    (void)context;
    (void)precision;
    return PBLAS_WIDTH;
}

int64_t cholesky_bytes(int64_t n_local_row, int64_t n_local_column)
{
    return 2 * PBLAS_WIDTH * (n_local_row + n_local_column) * (int64_t)sizeof(double);
}

/* What every call needs; rows and columns count from 1. */
struct cholesky {
    int n, block;
    int descriptor[DESCRIPTOR_LENGTH];
    double *a;
};

/* One block of columns: its square on the diagonal, and what lies below it. */
static int factor_block(const struct cholesky *cholesky, int first, int width)
{
    const int *descriptor = cholesky->descriptor, below = first + width, n_below = cholesky->n + 1 - below;
    int info;
    pdpotrf_("L", &width, cholesky->a, &first, &first, descriptor, &info, 1);
    ASSERT(info >= 0);
    if (info > 0)
        return first - 1 + info;
    if (n_below > 0)
        pdtrsm_("R", "L", "T", "N", &n_below, &width, &PLUS, cholesky->a, &first, &first, descriptor, cholesky->a,
                &below, &first, descriptor);
    return 0;
}

/* Takes the product of `done` columns from the n_next after them: first the square on the diagonal, then the rest. */
static void update(const struct cholesky *cholesky, int first, int done, int n_next)
{
    const int *descriptor = cholesky->descriptor;
    const int next = first + done, below = next + n_next, n_below = cholesky->n + 1 - below;
    double *a = cholesky->a;
    pdsyrk_("L", "N", &n_next, &done, &MINUS, a, &next, &first, descriptor, &PLUS, a, &next, &next, descriptor);
    if (n_below > 0)
        pdgemm_("N", "T", &n_below, &n_next, &done, &MINUS, a, &below, &first, descriptor, a, &next, &first, descriptor,
                &PLUS, a, &below, &next, descriptor);
}

/* Returns 0, or the number of the first pivot that is not above zero: the same on every rank of the grid. */
static int factor_columns(const struct cholesky *cholesky, int first, int width)
{
    if (width <= cholesky->block)
        return factor_block(cholesky, first, width);
    const int half = ((width - 1) / cholesky->block + 1) / 2 * cholesky->block;
    const int info = factor_columns(cholesky, first, half);
    if (info != 0)
        return info;
    update(cholesky, first, half, width - half);
    return factor_columns(cholesky, first + half, width - half);
}

int system_cholesky(struct system *system)
{
    struct cholesky cholesky = {.n = to_int(system->n), .block = to_int(system->block), .a = system->factor};
    system_describe(system, system->n, system->block, cholesky.descriptor);
    return factor_columns(&cholesky, 1, cholesky.n);
}
