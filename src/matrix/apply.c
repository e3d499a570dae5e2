/* The factor applied to vectors that every rank has. */
#include <string.h>

#include "base/memory.h"
#include "matrix/system_parts.h"

/* Up to so many vectors one by one: pdpotrs takes as long for one as for some ten. */
enum { FEW_SIDES = 4 };

/* Vectors that lie as the rows of S do, and along the columns of the grid in blocks of `block`. */
struct spread {
    const struct system *system;
    int64_t n_side, block;
    int64_t n_local_side;
    double *local; /* owned; system->stride × n_local_side */
};

static int64_t side_of(const struct spread *spread, int64_t local)
{
    const struct grid *grid = &spread->system->grid;
    return cyclic_global(local, spread->block, grid->column, grid->n_column);
}

static void take_local(const struct spread *spread, const double *x)
{
    const struct system *system = spread->system;
    for (int64_t s = 0; s < spread->n_local_side; s++)
        for (int64_t i = 0; i < system->n_local_row; i++)
            spread->local[i + s * system->stride] = x[side_of(spread, s) * system->n + system->row[i]];
}

static void give_local(const struct spread *spread, double *x)
{
    const struct system *system = spread->system;
    for (int64_t s = 0; s < spread->n_local_side; s++)
        for (int64_t i = 0; i < system->n_local_row; i++)
            x[side_of(spread, s) * system->n + system->row[i]] = spread->local[i + s * system->stride];
}

/* Of the ranks of the grid alone. */
static void solve(const struct spread *spread)
{
    const struct system *system = spread->system;
    const int n = to_int(system->n), n_side = to_int(spread->n_side), one = 1;
    int descriptor[DESCRIPTOR_LENGTH], descriptor_x[DESCRIPTOR_LENGTH];
    system_describe(system, n, system->block, descriptor);
    system_describe(system, n_side, spread->block, descriptor_x);
    if (n_side > FEW_SIDES) {
        int info;
        pdpotrs_("L", &n, &n_side, system->factor, &one, &one, descriptor, spread->local, &one, &one, descriptor_x,
                 &info, 1);
        ASSERT(info == 0);
        return;
    }
    for (int side = 1; side <= n_side; side++)
        for (int t = 0; t < 2; t++)
            pdtrsv_("L", t == 0 ? "N" : "T", "N", &n, system->factor, &one, &one, descriptor, spread->local, &one,
                    &side, descriptor_x, &one);
}

void system_apply_inverse(const struct system *system, int64_t n_side, double *x)
{
    const struct grid *grid = &system->grid;
    struct spread spread = {.system = system, .n_side = n_side, .block = (n_side - 1) / grid->n_column + 1};
    spread.n_local_side = cyclic_count(n_side, spread.block, grid->column, grid->n_column);
    spread.local = memory_allocate(system->stride * spread.n_local_side, sizeof(double));
    if (grid->context >= 0) {
        take_local(&spread, x);
        solve(&spread);
    }
    memset(x, 0, (size_t)(n_side * system->n) * sizeof *x);
    give_local(&spread, x);
    memory_free(spread.local);
    /* Every entry is zero bits on all ranks but one: joining bits moves doubles and adds none. */
    MPI_Allreduce(MPI_IN_PLACE, x, to_int(n_side * system->n), MPI_UINT64_T, MPI_BOR, grid->comm);
}
