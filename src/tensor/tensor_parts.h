/* What a tensor is made of.  For the files of this folder only. */
#ifndef ASSAY_TENSOR_TENSOR_PARTS_H
#define ASSAY_TENSOR_TENSOR_PARTS_H

#include "base/digest.h"
#include "tensor/names.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"

struct tensor {
    char *name;                /* owned; as given */
    struct tensor_place place; /* owned */
    struct shard *shards;      /* owned; in row order, at least one */
    int64_t n_shard;
    int64_t rows;          /* of all shards */
    struct shard *open;    /* borrowed; the shard last read, NULL before the first read */
    struct digest *digest; /* owned */
};

/* The shard that holds a row; borrowed. */
const struct shard *tensor_shard_of(const struct tensor *tensor, int64_t row);

#endif
