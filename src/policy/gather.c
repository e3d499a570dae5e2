#include "policy/gather.h"

#include "base/memory.h"

static void broadcast(MPI_Comm comm, int root, void *bytes, int64_t n)
{
    enum { PIECE = 1 << 28 };
    for (int64_t at = 0; at < n; at += PIECE)
        MPI_Bcast((char *)bytes + at, to_int(n - at < PIECE ? n - at : PIECE), MPI_BYTE, root, comm);
}

void gather_rows(MPI_Comm comm, int root, const struct rows *block, struct rows *all)
{
    int rank;
    MPI_Comm_rank(comm, &rank);
    bool mine = rank == root, dense = rows_are_dense(all);
    int64_t n = mine ? block->n_row : 0;
    MPI_Bcast(&n, 1, MPI_INT64_T, root, comm);
    struct rows received;
    if (dense)
        rows_init_dense(&received, mine ? 0 : n, all->n_column);
    else
        rows_init_sparse(&received, all->n_column);
    struct rows from = mine ? *block : received;
    if (dense) {
        broadcast(comm, root, from.dense, n * all->n_column * (int64_t)sizeof *from.dense);
        rows_append(all, &from);
        rows_clear(&received);
        return;
    }
    int64_t n_entry = mine ? block->start[n] : 0;
    MPI_Bcast(&n_entry, 1, MPI_INT64_T, root, comm);
    if (!mine) {
        from.n_row = n;
        from.start = memory_allocate(n + 1, sizeof *from.start);
        from.column = memory_allocate(n_entry, sizeof *from.column);
        from.value = memory_allocate(n_entry, sizeof *from.value);
        from.capacity = n_entry;
    }
    broadcast(comm, root, from.start, (n + 1) * (int64_t)sizeof *from.start);
    broadcast(comm, root, from.column, n_entry * (int64_t)sizeof *from.column);
    broadcast(comm, root, from.value, n_entry * (int64_t)sizeof *from.value);
    rows_append(all, &from);
    if (!mine) {
        memory_free(from.start);
        memory_free(from.column);
        memory_free(from.value);
    }
    rows_clear(&received);
}
