/* A safetensors file of the hand-over, put together tensor by tensor. */
#ifndef ASSAY_REFERENCE_TENSOR_FILE_H
#define ASSAY_REFERENCE_TENSOR_FILE_H

#include <stdint.h>

#include "reference/hand_over.h"
#include "tensor/safetensors.h"

enum { TENSOR_FILE_MAX = 64 };

struct tensor_file {
    struct safetensors_item items[TENSOR_FILE_MAX]; /* names and data are owned */
    int n;
};

/* Adds a tensor and gives its data, zeroed, row-major, to be filled: dims[n_dim].  The file owns them.  @local */
void *tensor_file_add(struct tensor_file *file, const char *name, enum tensor_type type, int n_dim,
                      const int64_t *dims);

/* Writes the file that hand_over_begin has just named.  `metadata` as in safetensors_store.  @local */
void tensor_file_store(const struct tensor_file *file, struct hand_over *hand_over, const char *const *metadata);
void tensor_file_clear(struct tensor_file *file);

#endif
