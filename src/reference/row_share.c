#include "reference/row_share.h"

#include "base/memory.h"

int64_t row_share_first(int64_t n, int rank, int size)
{
    return n * rank / size;
}

void row_share_gather(MPI_Comm comm, int64_t n, int64_t bytes, const void *mine, int root, void *all)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int *counts = memory_allocate(size, sizeof *counts), *starts = memory_allocate(size, sizeof *starts);
    for (int r = 0; r < size; r++) {
        starts[r] = to_int(row_share_first(n, r, size));
        counts[r] = to_int(row_share_first(n, r + 1, size)) - starts[r];
    }
    MPI_Datatype row; /* whole rows, so that counts stay far below the range of int */
    MPI_Type_contiguous(to_int(bytes), MPI_BYTE, &row);
    MPI_Type_commit(&row);
    MPI_Gatherv(mine, counts[rank], row, all, counts, starts, row, root, comm);
    MPI_Type_free(&row);
    memory_free(counts);
    memory_free(starts);
}
