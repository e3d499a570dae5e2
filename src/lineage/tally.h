/* How many events fall upon each block of samples: what memory by-sample work will take. */
#ifndef ASSAY_LINEAGE_TALLY_H
#define ASSAY_LINEAGE_TALLY_H

#include <stdint.h>

enum { TALLY_BLOCKS_MOST = 65536 };

struct tally {
    int64_t n_sample; /* lines of the samples file */
    int shift;        /* a block has 2^shift samples */
    int64_t n_block;
    int64_t *uses, *events; /* owned; per block */
    int64_t n_unknown;      /* uses of samples that the samples file does not have */
};

void tally_init(struct tally *tally, int64_t n_sample);
void tally_clear(struct tally *tally);

static inline void tally_add(const struct tally *tally, int64_t *counts, int64_t n, const int64_t *samples,
                             int64_t *n_unknown)
{
    for (int64_t i = 0; i < n; i++)
        if (samples[i] >= 0 && samples[i] < tally->n_sample)
            counts[samples[i] >> tally->shift]++;
        else if (samples[i] >= 0)
            *n_unknown += 1;
}

#endif
