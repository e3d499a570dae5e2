#include "tensor/hdf5_parts.h"

#include <stdbool.h>
#include <string.h>

/* IEEE half precision, which HDF5 has no name for before version 2. */
static hid_t create_half(void)
{
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

static hid_t little_endian(enum tensor_type type)
{
    switch (type) {
        case TENSOR_F32:
            return H5T_IEEE_F32LE;
        case TENSOR_F64:
            return H5T_IEEE_F64LE;
        case TENSOR_I8:
            return H5T_STD_I8LE;
        case TENSOR_U8:
            return H5T_STD_U8LE;
        case TENSOR_I16:
            return H5T_STD_I16LE;
        case TENSOR_I32:
            return H5T_STD_I32LE;
        case TENSOR_I64:
            return H5T_STD_I64LE;
        default:
            return H5I_INVALID_HID;
    }
}

hid_t hdf5_shard_type(enum tensor_type type, H5T_order_t order)
{
    hid_t basis = little_endian(type);
    if (type != TENSOR_F16 && basis < 0)
        return H5I_INVALID_HID;
    hid_t created = type == TENSOR_F16 ? create_half() : H5Tcopy(basis);
    H5Tset_order(created, order);
    return created;
}

static bool find_type(hid_t stored, enum tensor_type *type)
{
    for (int k = 0; k < TENSOR_TYPE_COUNT; k++)
        for (H5T_order_t order = H5T_ORDER_LE; order <= H5T_ORDER_BE; order++) {
            hid_t candidate = hdf5_shard_type((enum tensor_type)k, order);
            if (candidate < 0)
                continue;
            bool equal = H5Tequal(stored, candidate) > 0;
            H5Tclose(candidate);
            if (equal) {
                *type = (enum tensor_type)k;
                return true;
            }
        }
    return false;
}

static enum status describe_type(const struct shard *shard, enum tensor_type *type)
{
    static const char *const classes[H5T_NCLASSES] = {
        [H5T_INTEGER] = "an integer type",
        [H5T_FLOAT] = "a floating-point type",
        [H5T_TIME] = "a time",
        [H5T_STRING] = "a string",
        [H5T_BITFIELD] = "a bit field",
        [H5T_OPAQUE] = "an opaque type",
        [H5T_COMPOUND] = "a compound (structured or complex) type",
        [H5T_REFERENCE] = "a reference",
        [H5T_ENUM] = "an enumeration (or boolean)",
        [H5T_VLEN] = "a variable-length type",
        [H5T_ARRAY] = "an array type",
    };
    hid_t stored = H5Dget_type(shard->hdf5->dataset);
    if (stored < 0)
        return hdf5_shard_fail(shard, "the type cannot be read");
    enum status status = STATUS_OK;
    H5T_class_t class = H5Tget_class(stored);
    if (!find_type(stored, type))
        status =
            fail(BAD_INPUT, "%s: expected f16, f32, f64, i8, u8, i16, i32 or i64, found %s of %zu bytes", shard->label,
                 class >= 0 && class < H5T_NCLASSES ? classes[class] : "an unknown type", H5Tget_size(stored));
    H5Tclose(stored);
    return status;
}

static enum status describe_shape(struct shard *shard, enum tensor_type type)
{
    hsize_t extent[H5S_MAX_RANK];
    int64_t dims[H5S_MAX_RANK];
    hid_t space = H5Dget_space(shard->hdf5->dataset);
    if (space < 0)
        return hdf5_shard_fail(shard, "the shape cannot be read");
    bool has_extent = H5Sget_simple_extent_type(space) != H5S_NULL;
    int n_dim = has_extent ? H5Sget_simple_extent_dims(space, extent, NULL) : 0;
    H5Sclose(space);
    if (n_dim < 0)
        return hdf5_shard_fail(shard, "the shape cannot be read");
    for (int k = 0; k < n_dim; k++) {
        if (extent[k] > INT64_MAX)
            return fail(BAD_INPUT, "%s: expected dimensions below 2^63, found %llu", shard->label,
                        (unsigned long long)extent[k]);
        dims[k] = (int64_t)extent[k];
    }
    return shard_set_shape(shard, type, n_dim, dims);
}

/* How many chunks the shape asks for: no more than it has elements, so that an int64 holds it.  0 when the chunks have
 * another number of dimensions. */
static int64_t count_chunks(const struct shard *shard, hid_t creation)
{
    hsize_t chunk[H5S_MAX_RANK];
    if (H5Pget_chunk(creation, H5S_MAX_RANK, chunk) != shard->n_dim)
        return 0;
    int64_t n = 1;
    for (int k = 0; k < shard->n_dim; k++) {
        int64_t size = (int64_t)chunk[k]; /* HDF5 keeps it below 2^32 */
        n *= size < 1 ? 0 : (shard->dims[k] - 1) / size + 1;
    }
    return n;
}

static enum status check_chunks(const struct shard *shard, hid_t creation)
{
    hsize_t found;
    hid_t space = H5Dget_space(shard->hdf5->dataset);
    herr_t code = H5Dget_num_chunks(shard->hdf5->dataset, space, &found);
    enum status status = code < 0 ? hdf5_shard_fail(shard, "the chunks cannot be counted") : STATUS_OK;
    H5Sclose(space);
    int64_t expected = count_chunks(shard, creation);
    if (status == STATUS_OK && (expected == 0 || found != (hsize_t)expected))
        status = fail(BAD_INPUT, "%s: expected %lld chunks for its shape, found %llu: some were never written",
                      shard->label, (long long)expected, (unsigned long long)found);
    return status;
}

/* Whether every row was written: HDF5 would invent the others from a fill value. */
static enum status check_storage(const struct shard *shard, hid_t creation)
{
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_CONTIGUOUS) {
        haddr_t offset = H5Dget_offset(shard->hdf5->dataset);
        uint64_t bytes = (uint64_t)shard->mark.bytes, needed = (uint64_t)shard_bytes(shard);
        if (offset == HADDR_UNDEF)
            return fail(BAD_INPUT, "%s: the dataset was created but never written", shard->label);
        if (offset > bytes || needed > bytes - offset)
            return fail(BAD_INPUT, "%s: expected %llu bytes at byte %llu, found a file of %llu bytes", shard->label,
                        (unsigned long long)needed, (unsigned long long)offset, (unsigned long long)bytes);
    }
    return layout == H5D_CHUNKED ? check_chunks(shard, creation) : STATUS_OK;
}

/* Bytes that live in other files would escape the digest of this one. */
static enum status refuse_elsewhere(const struct shard *shard, hid_t creation)
{
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_VIRTUAL || H5Pget_external_count(creation) > 0)
        return fail(BAD_INPUT,
                    "%s: expected data in this file, found a dataset that %s; name the files that hold the rows",
                    shard->label, layout == H5D_VIRTUAL ? "is virtual" : "keeps its data in external files");
    if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT)
        return fail(BAD_INPUT, "%s: expected a contiguous, chunked or compact dataset, found another layout",
                    shard->label);
    return STATUS_OK;
}

enum status hdf5_shard_describe(struct shard *shard)
{
    enum tensor_type type = TENSOR_F32;
    hid_t creation = H5Dget_create_plist(shard->hdf5->dataset);
    if (creation < 0)
        return hdf5_shard_fail(shard, "the layout cannot be read");
    enum status status = refuse_elsewhere(shard, creation);
    if (status == STATUS_OK)
        status = describe_type(shard, &type);
    if (status == STATUS_OK)
        status = describe_shape(shard, type);
    if (status == STATUS_OK && shard->dims[0] > 0)
        status = check_storage(shard, creation);
    H5Pclose(creation);
    return status;
}
