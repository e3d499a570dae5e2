#include "exact/rng.h"

#include <string.h>

#include "base/status.h"

enum { N_ROUND = 10 };

void philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c[4], k[2] = {key[0], key[1]};
    memcpy(c, counter, sizeof c);
    for (int round = 0; round < N_ROUND; round++) {
        uint64_t low = (uint64_t)0xD2511F53 * c[0], high = (uint64_t)0xCD9E8D57 * c[2];
        uint32_t next[4] = {(uint32_t)(high >> 32) ^ c[1] ^ k[0], (uint32_t)high, (uint32_t)(low >> 32) ^ c[3] ^ k[1],
                            (uint32_t)low};
        memcpy(c, next, sizeof c);
        k[0] += 0x9E3779B9; /* golden ratio */
        k[1] += 0xBB67AE85; /* sqrt(3) - 1 */
    }
    memcpy(out, c, sizeof c);
}

void rng_init(struct rng *rng, int64_t seed, uint32_t stream, int64_t index)
{
    *rng = (struct rng){.key = {(uint32_t)seed, (uint32_t)((uint64_t)seed >> 32)},
                        .counter = {0, (uint32_t)index, (uint32_t)((uint64_t)index >> 32), stream}};
}

uint32_t rng_next(struct rng *rng)
{
    if (rng->n_left == 0) {
        philox_block(rng->counter, rng->key, rng->block);
        rng->counter[0]++;
        ASSERT(rng->counter[0] != 0); /* 2^34 numbers: the stream would repeat */
        rng->n_left = 4;
    }
    return rng->block[4 - rng->n_left--];
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    ASSERT(n >= 1);
    uint32_t biased = (uint32_t)-n % n; /* 2^32 mod n: low halves below it would favour some results */
    uint64_t product;
    do
        product = (uint64_t)rng_next(rng) * n;
    while ((uint32_t)product < biased);
    return (uint32_t)(product >> 32);
}

float rng_uniform(struct rng *rng)
{
    return (float)(rng_next(rng) >> 8) * 0x1p-24f;
}

void rng_shuffle(struct rng *rng, int64_t *items, int64_t n)
{
    ASSERT(n >= 0 && n <= UINT32_MAX);
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = rng_below(rng, (uint32_t)(i + 1)), item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}
