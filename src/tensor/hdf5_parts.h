/* What the two files that read HDF5 share. */
#ifndef ASSAY_TENSOR_HDF5_PARTS_H
#define ASSAY_TENSOR_HDF5_PARTS_H

#define H5_USE_110_API /* the calls as they are in 1.10, also in a newer library */
#include <hdf5.h>

#include "tensor/shard.h"

struct hdf5_handles {
    hid_t file, dataset;
};

/* Our element type in HDF5's words, H5I_INVALID_HID for bf16, which HDF5 does not have.  The caller closes it. */
hid_t hdf5_shard_type(enum tensor_type type, H5T_order_t order);

/* Type, shape and storage of the open dataset.  @fails BAD_INPUT */
enum status hdf5_shard_describe(struct shard *shard);

/* Fails with `what` and the innermost clause of HDF5's own message; to be called right after the HDF5 call. */
enum status hdf5_shard_fail(const struct shard *shard, const char *what);

#endif
