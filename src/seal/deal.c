#include "seal/deal.h"

#include <string.h>

#include "base/memory.h"

struct card {
    int64_t index, work, bytes; /* the entry's text follows */
};

void hand_init(struct hand *hand)
{
    *hand = (struct hand){.work = 0};
    text_init(&hand->packed);
}

void hand_clear(struct hand *hand)
{
    text_clear(&hand->packed);
}

void hand_add(struct hand *hand, int64_t index, int64_t work, const char *entry, size_t n)
{
    enum { MOST_EXPONENT = 34 }; /* sizes in entries are not to be trusted, and their sum must not overflow */
    const int64_t most = (int64_t)1 << MOST_EXPONENT;
    const struct card card = {index, work < most ? work : most, (int64_t)n};
    text_add_bytes(&hand->packed, &card, sizeof card);
    text_add_bytes(&hand->packed, entry, n);
    hand->work += card.work;
}

bool hand_next(const struct hand *hand, size_t *at, int64_t *index, const char **entry, size_t *n)
{
    struct card card;
    if (*at == hand->packed.length)
        return false;
    memcpy(&card, hand->packed.bytes + *at, sizeof card);
    *index = card.index;
    *entry = hand->packed.bytes + *at + sizeof card;
    *n = (size_t)card.bytes;
    *at += sizeof card + *n;
    return true;
}

/* How many bytes of this rank's entries go to each rank: work goes out in slices of one size, counted from rank 0's
 * first entry on. */
static void count_slices(const struct hand *own, int64_t before, int64_t slice, int n_rank, int *counts)
{
    struct card card;
    for (size_t at = 0; at < own->packed.length; at += sizeof card + (size_t)card.bytes) {
        memcpy(&card, own->packed.bytes + at, sizeof card);
        int64_t to = before / slice;
        to = to < n_rank ? to : n_rank - 1;
        counts[to] = to_int(counts[to] + (int64_t)sizeof card + card.bytes);
        before += card.work;
    }
}

void deal_entries(MPI_Comm comm, const struct hand *own, struct hand *dealt)
{
    int rank, n_rank;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &n_rank);
    int64_t before = 0, total = 0, received = 0;
    MPI_Exscan(&own->work, &before, 1, MPI_INT64_T, MPI_SUM, comm);
    MPI_Allreduce(&own->work, &total, 1, MPI_INT64_T, MPI_SUM, comm);
    if (rank == 0)
        before = 0; /* MPI leaves it undefined there */
    int *counts = memory_allocate(4 * (int64_t)n_rank, sizeof *counts);
    int *starts = counts + n_rank, *from_counts = starts + n_rank, *from_starts = from_counts + n_rank;
    count_slices(own, before, total / n_rank + 1, n_rank, counts);
    MPI_Alltoall(counts, 1, MPI_INT, from_counts, 1, MPI_INT, comm);
    for (int r = 0; r < n_rank; r++) {
        starts[r] = r == 0 ? 0 : starts[r - 1] + counts[r - 1];
        from_starts[r] = to_int(received);
        received += from_counts[r];
    }
    char *bytes = memory_allocate(to_int(received), 1);
    MPI_Alltoallv(own->packed.bytes, counts, starts, MPI_BYTE, bytes, from_counts, from_starts, MPI_BYTE, comm);
    text_add_bytes(&dealt->packed, bytes, (size_t)received);
    memory_free(bytes);
    memory_free(counts);
}
