/* Some pairs as they are read, and what each of them changed. */
#ifndef ASSAY_POLICY_PAIR_BLOCK_H
#define ASSAY_POLICY_PAIR_BLOCK_H

#include <stdbool.h>

#include "policy/shift_base.h"
#include "policy/source.h"

/* Where pairs come from; all borrowed. */
struct pair_inputs {
    struct source *source;    /* n_pair items of n_probe rows */
    struct tensor *behaviour; /* n_pair × n_probe × n_behaviour */
    int64_t n_probe, n_behaviour;
    bool is_change;     /* features and behaviour come as changes, not as what is after the update */
    double row_entries; /* of a row of features, as far as it is known before they are read */
};

struct pair_block {
    const struct pair_inputs *inputs; /* borrowed */
    int64_t first, n;                 /* pairs [first, first + n) */
    struct rows rows;                 /* owned; n · n_probe */
    double *behaviour;                /* owned; n × n_probe × n_behaviour */
    void *raw;                        /* owned; the same as stored */
    double *before, *after;           /* owned; a row each */
    int32_t *column;                  /* owned; a row of changes */
    double *value;
};

/* Room for at most n_most pairs.  @local */
void pair_block_init(const struct pair_inputs *inputs, int64_t n_most, struct pair_block *block);
void pair_block_clear(struct pair_block *block);
/* Bytes of a block of n pairs, that of source_read included.  @local */
int64_t pair_block_bytes(const struct pair_inputs *inputs, int64_t n);

/* Reads pairs [first, first + n); appends what was read.  @local   @fails BAD_INPUT */
enum status pair_block_read(struct pair_block *block, int64_t first, int64_t n, struct segment_list *segments);

/* Replaces `change` (sparse rows) by ΔX of the block's pair i, entries that do not change left out, and sets
 * Δy (n_behaviour × n_probe).  @local */
void pair_block_change(struct pair_block *block, int64_t i, const struct shift_base *base, struct rows *change,
                       double *behaviour);

#endif
