#include "usage/spread.h"

#include "base/memory.h"
#include "usage/sort.h"

int64_t leaves_begin(int64_t total, int n_part, int part)
{
    int64_t n_group = total / GROUP_LEAVES + (total % GROUP_LEAVES != 0);
    int64_t group = n_group / n_part * part + (n_group % n_part < part ? n_group % n_part : part);
    return group * GROUP_LEAVES < total ? group * GROUP_LEAVES : total;
}

/* counts[r] leaves to rank r, one rank's after the other's; what arrives is in order of the ranks it came from.  Takes
 * and gives leaves as the caller does. */
static struct leaf *exchange(MPI_Comm comm, struct leaf *leaves, const int64_t *counts, int64_t *n)
{
    int n_rank;
    MPI_Comm_size(comm, &n_rank);
    MPI_Datatype type;
    MPI_Type_contiguous((int)sizeof *leaves, MPI_BYTE, &type);
    MPI_Type_commit(&type);
    int *to = memory_allocate(4 * (int64_t)n_rank, sizeof *to), *to_starts = to + n_rank, *from = to_starts + n_rank,
        *from_starts = from + n_rank;
    int64_t sent = 0, received = 0;
    for (int r = 0; r < n_rank; r++) {
        to[r] = to_int(counts[r]);
        to_starts[r] = to_int(sent);
        sent += counts[r];
    }
    MPI_Alltoall(to, 1, MPI_INT, from, 1, MPI_INT, comm);
    for (int r = 0; r < n_rank; r++) {
        from_starts[r] = to_int(received);
        received += from[r];
    }
    struct leaf *arrived = memory_allocate_raw(received, sizeof *arrived);
    MPI_Alltoallv(leaves, to, to_starts, type, arrived, from, from_starts, type, comm);
    MPI_Type_free(&type);
    memory_free(to);
    memory_free(leaves);
    *n = received;
    return arrived;
}

struct leaf *leaves_spread(MPI_Comm comm, struct leaf *leaves, int64_t *n, int64_t *begin, int64_t *total)
{
    int rank, n_rank;
    int64_t before = 0;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    int64_t *counts = memory_allocate(n_rank, sizeof *counts);
    if (n_rank > 1) {
        leaves = leaves_part(leaves, *n, n_rank, counts);
        leaves = exchange(comm, leaves, counts, n);
    }
    leaves = leaves_sort(leaves, *n);
    MPI_Exscan(n, &before, 1, MPI_INT64_T, MPI_SUM, comm);
    MPI_Allreduce(n, total, 1, MPI_INT64_T, MPI_SUM, comm);
    if (rank == 0)
        before = 0; /* MPI leaves it undefined there */
    /* Keys are only about evenly spread, and not at all where many samples share a content. */
    for (int r = 0; r < n_rank; r++) {
        int64_t first = leaves_begin(*total, n_rank, r), last = leaves_begin(*total, n_rank, r + 1);
        first = first > before ? first : before;
        last = last < before + *n ? last : before + *n;
        counts[r] = last > first ? last - first : 0;
    }
    if (n_rank > 1)
        leaves = exchange(comm, leaves, counts, n);
    *begin = leaves_begin(*total, n_rank, rank);
    memory_free(counts);
    return leaves;
}
