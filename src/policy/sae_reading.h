/* Tensors of one safetensors file, read in blocks that are hashed as they are read.  For sae_weights.c only. */
#ifndef ASSAY_POLICY_SAE_READING_H
#define ASSAY_POLICY_SAE_READING_H

#include "policy/sae.h"
#include "tensor/tensor.h"

enum { SAE_MAX_TENSORS = 8 };

/* All borrowed but the tensors. */
struct sae_reading {
    const char *directory;
    struct sae *sae;               /* weights_file names the file; files gets a segment for each block */
    const char *weights_name;      /* of the tensor that sizes come from, for sentences */
    struct segment_list *segments; /* gets their digests; NULL: nothing is hashed */
    struct tensor *tensors[SAE_MAX_TENSORS];
    int n_tensor;
};

/* Opens a tensor of f16, bf16 or f32; `reading` closes it.  @local   @fails BAD_INPUT */
enum status sae_reading_open(struct sae_reading *reading, const char *object, struct tensor **tensor);
/* That it is n_row × n_column, or with n_column 0 a vector of n_row.  @local   @fails BAD_INPUT */
enum status sae_reading_check(const struct sae_reading *reading, const struct tensor *tensor, int64_t n_row,
                              int64_t n_column);

/* Rows [first, first + n) of a tensor, as floats. */
struct sae_block {
    int64_t first, n, n_column;
    float *values;
};

/* Reads all rows, block by block, each given to `use` with `to`.  @local   @fails BAD_INPUT, also what is not finite */
enum status sae_reading_for_each(struct sae_reading *reading, struct tensor *tensor,
                                 void (*use)(const struct sae_block *block, void *to), void *to);
/* Lists its segments without reading it.  @local */
void sae_reading_list(struct sae_reading *reading, const struct tensor *tensor);

/* Lists, and hashes, what lies between and beside the tensors.  @local   @fails BAD_INPUT */
enum status sae_reading_finish(struct sae_reading *reading);
void sae_reading_close(struct sae_reading *reading);

#endif
