/* Random numbers that are a pure function of (seed, stream, index): Philox4x32-10. */
#ifndef ASSAY_EXACT_RNG_H
#define ASSAY_EXACT_RNG_H

#include <stdint.h>

struct rng {
    uint32_t key[2];     /* the seed */
    uint32_t counter[4]; /* block number, index low, index high, stream */
    uint32_t block[4];   /* the current block of four outputs */
    int n_left;          /* of the block */
};

/* One stream per purpose, so that a change of one leaves the others as they were; `index` tells members of a stream
 * apart: a layer, an epoch, a sample. */
void rng_init(struct rng *rng, int64_t seed, uint32_t stream, int64_t index);
uint32_t rng_next(struct rng *rng);
/* Uniform in [0, n) without bias, n >= 1.  @source Lemire, Fast Random Integer Generation in an Interval, 2019 */
uint32_t rng_below(struct rng *rng, uint32_t n);
/* Uniform on the 2^24 multiples of 2^-24 in [0, 1): exact in float. */
float rng_uniform(struct rng *rng);
/* A uniform permutation of n < 2^32 items in place (Fisher-Yates, from the end). */
void rng_shuffle(struct rng *rng, int64_t *items, int64_t n);

/* The block function itself, for tests against its published answers.
 * @source Salmon, Moraes, Dror, Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011 */
void philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
