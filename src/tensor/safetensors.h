/* Writing safetensors: what the reference trainer hands over. */
#ifndef ASSAY_TENSOR_SAFETENSORS_H
#define ASSAY_TENSOR_SAFETENSORS_H

#include "tensor/tensor.h"

struct safetensors_item {
    const char *name; /* borrowed */
    enum tensor_type type;
    int n_dim;
    int64_t dims[TENSOR_MAX_DIM];
    const void *data; /* borrowed; row-major, little-endian */
};

/* Writes a whole file atomically: header padded with spaces to a multiple of 8, data in the order given.  `metadata`
 * (may be NULL) is pairs of strings ending in NULL for "__metadata__".
 * @local   @fails CANNOT_WRITE, also for a name that is repeated, reserved or not UTF-8 */
enum status safetensors_store(const char *path, const struct safetensors_item *items, int n_item,
                              const char *const *metadata);

#endif
