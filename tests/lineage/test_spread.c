/* What must hold: every event reaches the rank that owns its sample, once and in the order of the table, whichever rank
 * read it; shares cover all samples and stay below their bytes. */
#include <mpi.h>

#include "base/memory.h"
#include "check.h"
#include "lineage/spread.h"

enum { N_SAMPLE = 300000, N_WINDOW = 13, WINDOW = 5000 };

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Event `value` of all: few samples are used much, and some events are of samples that do not exist. */
static int64_t sample_of(uint32_t value)
{
    uint64_t x = mixed(value + 1);
    return x % 17 == 0 ? N_SAMPLE + 5 : (int64_t)(x % 3 == 0 ? x / 3 % 50 : x / 3 % N_SAMPLE);
}

static void make_tally(struct tally *tally)
{
    int64_t n_unknown = 0;
    tally_init(tally, N_SAMPLE);
    for (uint32_t v = 0; v < N_WINDOW * WINDOW; v++) {
        int64_t sample = sample_of(v);
        tally_add(tally, tally->uses, 1, &sample, &n_unknown);
    }
    int64_t n = 0;
    for (int64_t b = 0; b < tally->n_block; b++)
        n += tally->uses[b];
    CHECK(tally->n_block <= TALLY_BLOCKS_MOST && n + n_unknown == N_WINDOW * WINDOW && n_unknown > 0);
}

static void test_shares(const struct tally *tally, int64_t n_rank, int64_t bytes, struct shares *shares)
{
    struct share_costs costs = {100, 12, 12};
    shares_make(tally, &costs, n_rank, bytes, shares);
    CHECK(shares->first[0] == 0 && shares->first[shares->n] == N_SAMPLE);
    int64_t block = INT64_C(1) << tally->shift, largest_block = 0;
    for (int64_t b = 0; b < tally->n_block; b++) {
        int64_t share = shares->of_block[b], cost = 100 * block + 12 * tally->uses[b];
        CHECK(share >= 0 && share < shares->n);
        CHECK(b * block >= N_SAMPLE || (shares->first[share] <= b * block && b * block < shares->first[share + 1]));
        largest_block = cost > largest_block ? cost : largest_block;
    }
    CHECK(shares->largest <= bytes + largest_block);
    CHECK(shares->n_pass * n_rank >= shares->n && (shares->n_pass - 1) * n_rank < shares->n);
}

/* All events of one pass, sent window by window as the job does, against a plain search. */
static void test_pass(const struct shares *shares, int64_t pass, int rank, int size)
{
    struct pairs pairs = {.items = memory_allocate_raw(N_WINDOW * WINDOW, sizeof(struct pair)),
                          .capacity = N_WINDOW * WINDOW};
    int64_t *samples = memory_allocate(WINDOW, sizeof *samples);
    uint32_t *values = memory_allocate(WINDOW, sizeof *values);
    for (int round = 0; round * size < N_WINDOW; round++) {
        int w = round * size + rank, n = w < N_WINDOW ? WINDOW : 0;
        for (int i = 0; i < n; i++) {
            values[i] = (uint32_t)(w * WINDOW + i);
            samples[i] = sample_of(values[i]);
        }
        spread_pairs(MPI_COMM_WORLD, shares, pass, n, samples, values, &pairs);
    }
    int64_t share = pass * size + rank, first = share < shares->n ? shares->first[share] : N_SAMPLE;
    int64_t n = share < shares->n ? shares->first[share + 1] - first : 0, at = 0, *start;
    uint32_t *sorted;
    for (uint32_t v = 0; v < N_WINDOW * WINDOW; v++) {
        int64_t sample = sample_of(v);
        if (sample < first || sample >= first + n)
            continue;
        if (at >= pairs.n || pairs.items[at].sample != sample - first || pairs.items[at].value != v) {
            CHECK(!"pairs come in the order of the table");
            break;
        }
        at++;
    }
    CHECK(at == pairs.n);
    pairs_sort(&pairs, n, &start, &sorted);
    CHECK(start[0] == 0 && start[n] == pairs.n);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = start[i]; k < start[i + 1]; k++)
            if (sample_of(sorted[k]) != first + i || (k > start[i] && sorted[k] <= sorted[k - 1]))
                CHECK(!"sorted by sample, and ascending within");
    memory_free(sorted);
    memory_free(start);
    memory_free(values);
    memory_free(samples);
    memory_free(pairs.items);
}

/* Sums of parts, in the order in which they arrive. */
static void test_parts(const struct shares *shares, int rank, int size)
{
    enum { N = 1000 };
    int64_t samples[N], n_received;
    struct part parts[N], *received;
    for (int i = 0; i < N; i++) {
        samples[i] = sample_of((uint32_t)(rank * N + i));
        parts[i] = (struct part){0, (uint32_t)rank, i, 0.5 * i};
    }
    spread_parts(MPI_COMM_WORLD, shares, 0, N, samples, parts, &received, &n_received);
    int64_t first = rank < shares->n ? shares->first[rank] : N_SAMPLE;
    int64_t past = rank < shares->n ? shares->first[rank + 1] : N_SAMPLE, at = 0;
    for (int r = 0; r < size; r++)
        for (int i = 0; i < N; i++) {
            int64_t sample = sample_of((uint32_t)(r * N + i));
            if (sample < first || sample >= past)
                continue;
            CHECK(at < n_received && received[at].sample == sample - first && received[at].group == (uint32_t)r &&
                  received[at].norm == i && received[at].share == 0.5 * i);
            at++;
        }
    CHECK(at == n_received);
    memory_free(received);
}

int main(void)
{
    MPI_Init(NULL, NULL);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    struct tally tally;
    struct shares shares;
    make_tally(&tally);
    static const int64_t bytes[] = {1000, 4000000, INT64_C(1) << 40};
    for (int k = 1; k < 3; k++) {
        test_shares(&tally, size, bytes[k], &shares);
        for (int64_t pass = 0; pass < shares.n_pass; pass++)
            test_pass(&shares, pass, rank, size);
        test_parts(&shares, rank, size);
        shares_clear(&shares);
    }
    test_shares(&tally, 1000, bytes[0], &shares);
    shares_clear(&shares);
    tally_clear(&tally);
    int code = check_end_mpi(MPI_COMM_WORLD);
    MPI_Finalize();
    return code;
}
