/* The small files beside the tensors: the order of samples, learning rates, checkpoints and queries. */
#ifndef ASSAY_REFERENCE_LISTINGS_H
#define ASSAY_REFERENCE_LISTINGS_H

#include <stdint.h>

#include "base/text.h"
#include "reference/images.h"
#include "reference/network.h"
#include "reference/query_images.h"

/* An npy file (version 1) of n_row × n_column little-endian elements, a vector when n_column is 0.  `descr` is numpy's
 * name of their type: "<i8", "<f8" or "|u1".  @local */
struct npy {
    const char *descr;
    int64_t n_row, n_column;
    const void *data; /* borrowed */
};
void npy_list(const struct npy *npy, struct text *text);

struct checkpoint_note {
    int64_t step;
    double learning_rate; /* of the update that starts from these weights; at the end, where the schedule has got to */
    double validation_loss;
};
/* checkpoints.jsonl; "file" is relative to it.  @local */
void checkpoints_list(const struct checkpoint_note *notes, int64_t n, struct text *text);

/* queries.jsonl: the queries and what the network makes of them.  @local */
void queries_list(const struct network *network, const struct images *images, const struct query_images *queries,
                  struct text *text);

#endif
