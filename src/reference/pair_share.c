#include "reference/pair_share.h"

#include "base/memory.h"

/* Where the pairs of a rank begin. */
static int64_t first_of(int64_t n_pair, int rank, int size)
{
    return n_pair * rank / size;
}

/* Rows of `bytes` bytes, one per pair, to root. */
static void gather(MPI_Comm comm, int64_t n_pair, int64_t bytes, const void *mine, int root, void *all)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int *counts = memory_allocate(size, sizeof *counts), *starts = memory_allocate(size, sizeof *starts);
    for (int r = 0; r < size; r++) {
        starts[r] = to_int(first_of(n_pair, r, size));
        counts[r] = to_int(first_of(n_pair, r + 1, size)) - starts[r];
    }
    MPI_Datatype row; /* whole pairs, so that counts stay far below the range of int */
    MPI_Type_contiguous(to_int(bytes), MPI_BYTE, &row);
    MPI_Type_commit(&row);
    MPI_Gatherv(mine, counts[rank], row, all, counts, starts, row, root, comm);
    MPI_Type_free(&row);
    memory_free(counts);
    memory_free(starts);
}

enum status pairs_update(MPI_Comm comm, const struct probing *probing, int root, const struct response *all)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int64_t first = first_of(probing->n_pair, rank, size), n = first_of(probing->n_pair, rank + 1, size) - first;
    int64_t n_hidden = probing->n_probe * probing->n_hidden, n_probability = probing->n_probe * probing->n_behaviour;
    const struct response mine = {memory_allocate(n * n_hidden, sizeof(float)),
                                  memory_allocate(n * n_probability, sizeof(double))};
    enum status status = probing_update(probing, first, n, &mine);
    bool is_root = rank == root;
    gather(comm, probing->n_pair, n_hidden * (int64_t)sizeof(float), mine.hidden, root, is_root ? all->hidden : NULL);
    gather(comm, probing->n_pair, n_probability * (int64_t)sizeof(double), mine.probability, root,
           is_root ? all->probability : NULL);
    memory_free(mine.hidden);
    memory_free(mine.probability);
    return status;
}
