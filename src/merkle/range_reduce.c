#include "merkle/range_reduce.h"

#include "base/memory.h"

/* right = left merged with right; MPI gives the operands in order of rank since the operation does not commute. */
static void merge_ranges(void *left_ranges, void *right_ranges, int *n, MPI_Datatype *type)
{
    struct range *left = left_ranges, *right = right_ranges;
    (void)type;
    for (int i = 0; i < *n; i++) {
        struct range merged = left[i];
        range_merge(&merged, &right[i]);
        right[i] = merged;
    }
}

void range_reduce(MPI_Comm comm, const struct range *range, struct hash *root)
{
    struct range *whole = memory_allocate(1, sizeof *whole);
    MPI_Datatype type;
    MPI_Op merge;
    int rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Type_contiguous((int)sizeof *range, MPI_BYTE, &type);
    MPI_Type_commit(&type);
    MPI_Op_create(merge_ranges, 0, &merge);
    MPI_Reduce(range, whole, 1, type, merge, 0, comm);
    MPI_Op_free(&merge);
    MPI_Type_free(&type);
    if (rank == 0)
        range_root(whole, root);
    MPI_Bcast(root, (int)sizeof *root, MPI_BYTE, 0, comm);
    memory_free(whole);
}
