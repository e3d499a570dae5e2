/* Philox must give its published answers; streams must not overlap; draws must be in range, even, and the same on any
 * machine. */
#include "check.h"

#include <stdbool.h>
#include <stdint.h>

#include "reference/rng.h"

/* The known answers of the authors' library (Random123, kat_vectors). */
static void check_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t out[4];
        philox_block(cases[i].counter, cases[i].key, out);
        CHECK(memcmp(out, cases[i].expected, sizeof out) == 0);
    }
}

/* The stream is block 0, 1, 2 … of counter (block, index low, index high, stream). */
static void check_stream_layout(void)
{
    struct rng rng;
    const int64_t seed = 0x123456789abcd, index = 0x500000007;
    rng_init(&rng, seed, STREAM_ORDER, index);
    for (uint32_t block = 0; block < 3; block++) {
        const uint32_t counter[4] = {block, 7, 5, STREAM_ORDER}, key[2] = {0x6789abcd, 0x12345};
        uint32_t expected[4];
        philox_block(counter, key, expected);
        for (int i = 0; i < 4; i++)
            CHECK(rng_next(&rng) == expected[i]);
    }
}

static void check_streams_differ(void)
{
    static const struct {
        int64_t seed;
        enum rng_stream stream;
        int64_t index;
    } streams[] = {{1, STREAM_SPLIT, 0}, {2, STREAM_SPLIT, 0},         {1, STREAM_WEIGHTS, 0},
                   {1, STREAM_SPLIT, 1}, {1, STREAM_SPLIT, 1LL << 32}, {1 + (1LL << 32), STREAM_SPLIT, 0}};
    enum { N = sizeof streams / sizeof *streams };
    uint32_t first[N];
    for (int i = 0; i < N; i++) {
        struct rng rng;
        rng_init(&rng, streams[i].seed, streams[i].stream, streams[i].index);
        first[i] = rng_next(&rng);
        for (int j = 0; j < i; j++)
            CHECK(first[i] != first[j]);
    }
}

/* Pearson's statistic of `n_bin` equally likely bins; its mean is n_bin − 1, its variance 2 (n_bin − 1). */
static double chi_square(const int64_t *counts, int n_bin, int64_t n)
{
    double expected = (double)n / n_bin, sum = 0;
    for (int i = 0; i < n_bin; i++)
        sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    return sum;
}

static void check_draws_are_even(void)
{
    enum { N = 200000, N_BIN = 7 };
    int64_t below[N_BIN] = {0}, uniform[N_BIN] = {0};
    struct rng rng;
    rng_init(&rng, 5, STREAM_SPLIT, 0);
    for (int i = 0; i < N; i++) {
        uint32_t draw = rng_below(&rng, N_BIN);
        float u = rng_uniform(&rng);
        CHECK(draw < N_BIN);
        CHECK(u >= 0 && u < 1 && u * 0x1p24f == (float)(int32_t)(u * 0x1p24f));
        below[draw < N_BIN ? draw : 0]++;
        uniform[(int)(u * N_BIN)]++;
    }
    CHECK(chi_square(below, N_BIN, N) < 30); /* 6 expected; above 30 with probability 4e-5 */
    CHECK(chi_square(uniform, N_BIN, N) < 30);

    /* A range of 3/4 of 2^32: without rejection the lower part would come up twice as often as it may. */
    int64_t n_low = 0;
    const uint32_t range = 0xc0000000;
    for (int i = 0; i < N; i++)
        n_low += rng_below(&rng, range) % 3 == 0;
    CHECK(n_low > N / 3 - 2000 && n_low < N / 3 + 2000);
    CHECK(rng_below(&rng, 1) == 0);
}

/* All 24 orders of four items must be equally likely. */
static void check_shuffle(void)
{
    enum { N = 48000 };
    int64_t counts[24] = {0};
    struct rng rng;
    rng_init(&rng, 6, STREAM_ORDER, 0);
    for (int i = 0; i < N; i++) {
        int64_t items[4] = {0, 1, 2, 3};
        rng_shuffle(&rng, items, 4);
        int code = 0;
        bool seen[4] = {false};
        for (int k = 0; k < 4; k++) { /* the Lehmer code of the permutation; 4 - k choices at place k */
            int smaller = 0;
            CHECK(items[k] >= 0 && items[k] < 4 && !seen[items[k]]);
            for (int64_t v = 0; v < items[k]; v++)
                smaller += !seen[v];
            seen[items[k]] = true;
            code = code * (4 - k) + smaller;
        }
        counts[code]++;
    }
    CHECK(chi_square(counts, 24, N) < 70); /* 23 expected */
    int64_t one = 9;
    rng_shuffle(&rng, &one, 1);
    rng_shuffle(&rng, &one, 0);
    CHECK(one == 9);
}

int main(void)
{
    check_known_answers();
    check_stream_layout();
    check_streams_differ();
    check_draws_are_even();
    check_shuffle();
    return check_end();
}
