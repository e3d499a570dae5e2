#include "reference/pair_share.h"

#include "base/memory.h"
#include "reference/row_share.h"

enum status pairs_update(MPI_Comm comm, const struct probing *probing, int root, const struct response *all)
{
    int rank, size;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int64_t first = row_share_first(probing->n_pair, rank, size),
            n = row_share_first(probing->n_pair, rank + 1, size) - first;
    int64_t n_hidden = probing->n_probe * probing->n_hidden, n_probability = probing->n_probe * probing->n_behaviour;
    const struct response mine = {memory_allocate(n * n_hidden, sizeof(float)),
                                  memory_allocate(n * n_probability, sizeof(double))};
    enum status status = probing_update(probing, first, n, &mine);
    bool is_root = rank == root;
    row_share_gather(comm, probing->n_pair, n_hidden * (int64_t)sizeof(float), mine.hidden, root,
                     is_root ? all->hidden : NULL);
    row_share_gather(comm, probing->n_pair, n_probability * (int64_t)sizeof(double), mine.probability, root,
                     is_root ? all->probability : NULL);
    memory_free(mine.hidden);
    memory_free(mine.probability);
    return status;
}
