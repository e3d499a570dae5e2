/* Reading datasets of HDF5 through the library, so that chunks, filters and byte order are its business. */
#include "tensor/hdf5_parts.h"

#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { MAX_NAMES_SHOWN = 20, CHUNK_CACHE_LIMIT = 64 << 20 };

static herr_t first_clause(unsigned n, const H5E_error2_t *error, void *clause)
{
    if (n == 0)
        text_add((struct text *)clause, "%s", error->desc ? error->desc : "no reason given");
    return 0;
}

enum status hdf5_shard_fail(const struct shard *shard, const char *what)
{
    struct text clause;
    text_init(&clause);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_clause, &clause);
    enum status status =
        fail(BAD_INPUT, "%s: %s (HDF5: %s)", shard->label, what, clause.length ? clause.bytes : "no reason given");
    text_clear(&clause);
    return status;
}

struct names {
    struct text text;
    int n;
};

static herr_t add_name(hid_t file, const char *name, const H5O_info_t *info, void *data)
{
    struct names *names = data;
    (void)file;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    text_add(&names->text, "%s/%s", names->n ? ", " : "", name);
    return ++names->n == MAX_NAMES_SHOWN;
}

static enum status refuse_name(const struct shard *shard, hid_t file)
{
    /* The clause first: the next call of HDF5 overwrites it. */
    enum status status = hdf5_shard_fail(shard, "expected a dataset of this name in the file itself");
    struct text sentence;
    text_init(&sentence);
    text_add(&sentence, "%s", failure_sentence());
    struct names names = {0};
    text_init(&names.text);
    H5Ovisit1(file, H5_INDEX_NAME, H5_ITER_INC, add_name, &names);
    status = fail(status, "%s; found %s%s", sentence.bytes, names.n ? names.text.bytes : "no dataset at all",
                  names.n == MAX_NAMES_SHOWN ? " and maybe more" : "");
    text_clear(&names.text);
    text_clear(&sentence);
    return status;
}

/* A link into another file would let bytes in that no segment covers. */
static herr_t refuse_link(const char *parent_file, const char *parent_group, const char *child_file,
                          const char *child_object, unsigned *flags, hid_t access, void *data)
{
    (void)parent_file, (void)parent_group, (void)child_file, (void)child_object, (void)flags, (void)access, (void)data;
    return -1;
}

/* Bytes of all chunks that hold one row, or 0 when they are too many to keep. */
static size_t chunk_band_bytes(hid_t dataset, hid_t creation)
{
    hsize_t chunk[H5S_MAX_RANK], dims[H5S_MAX_RANK];
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    int n_dim = H5Sget_simple_extent_dims(space, dims, NULL);
    uint64_t bytes = H5Tget_size(type);
    if (n_dim < 1 || H5Pget_chunk(creation, H5S_MAX_RANK, chunk) != n_dim)
        bytes = 0;
    /* Chunk sides are below 2^32 and the limit is 2^26: no product before its comparison reaches 2^64. */
    for (int k = 0; k < n_dim && bytes > 0; k++) {
        uint64_t side = chunk[k] ? chunk[k] : 1; /* a damaged file may say 0 */
        uint64_t n_chunk = k == 0 ? 1 : dims[k] / side + (dims[k] % side != 0);
        bytes = n_chunk > CHUNK_CACHE_LIMIT ? 0 : bytes * n_chunk;
        bytes = bytes > CHUNK_CACHE_LIMIT ? 0 : bytes * side;
        bytes = bytes > CHUNK_CACHE_LIMIT ? 0 : bytes;
    }
    H5Tclose(type);
    H5Sclose(space);
    return (size_t)bytes;
}

/* Rows are read in blocks that end inside chunks: a cache of one band of chunks decompresses each of them once. */
static void tune_cache(hid_t access, const char *name, struct hdf5_handles *handles)
{
    enum { SLOTS = 12289, DEFAULT_CACHE = 1 << 20 };
    hid_t creation = H5Dget_create_plist(handles->dataset);
    size_t band = H5Pget_layout(creation) == H5D_CHUNKED ? chunk_band_bytes(handles->dataset, creation) : 0;
    H5Pclose(creation);
    if (band <= DEFAULT_CACHE)
        return;
    H5Dclose(handles->dataset);
    H5Pset_chunk_cache(access, SLOTS, band, 0.75); /* with 1.0 the cache of 1.10 can outgrow its size */
    handles->dataset = H5Dopen2(handles->file, name, access);
}

static enum status open_dataset(const struct shard *shard, struct hdf5_handles *handles)
{
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_elink_cb(access, refuse_link, NULL);
    handles->dataset = H5Dopen2(handles->file, shard->object, access);
    if (handles->dataset >= 0)
        tune_cache(access, shard->object, handles);
    enum status status = handles->dataset < 0 ? refuse_name(shard, handles->file) : STATUS_OK;
    H5Pclose(access);
    return status;
}

static enum status open_file(const struct shard *shard, struct hdf5_handles *handles)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_sec2(access);
    /* Against writers where the file system has locks, and no obstacle where it has none. */
    H5Pset_file_locking(access, true, true);
    handles->file = H5Fopen(shard->file, H5F_ACC_RDONLY, access);
    enum status status = handles->file < 0
                             ? hdf5_shard_fail(shard, "expected an HDF5 file, found one that cannot be opened as such")
                             : STATUS_OK;
    H5Pclose(access);
    return status;
}

static void hdf5_close(struct shard *shard)
{
    if (shard->hdf5 == NULL)
        return;
    if (shard->hdf5->dataset >= 0)
        H5Dclose(shard->hdf5->dataset);
    if (shard->hdf5->file >= 0)
        H5Fclose(shard->hdf5->file);
    memory_free(shard->hdf5);
    shard->hdf5 = NULL;
}

static enum status set_mark(struct shard *shard)
{
    void *descriptor;
    if (H5Fget_vfd_handle(shard->hdf5->file, H5P_DEFAULT, &descriptor) < 0)
        return hdf5_shard_fail(shard, "the file has no descriptor");
    return file_mark_get(*(const int *)descriptor, shard->file, &shard->mark);
}

static enum status hdf5_open(struct shard *shard)
{
    if (shard->hdf5 != NULL)
        return set_mark(shard);
    /* The library would print its own account of every failure. */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    int64_t bytes;
    enum status status = file_size(shard->file, &bytes);
    if (status != STATUS_OK)
        return status;
    shard->hdf5 = memory_allocate(1, sizeof *shard->hdf5);
    *shard->hdf5 = (struct hdf5_handles){H5I_INVALID_HID, H5I_INVALID_HID};
    status = open_file(shard, shard->hdf5);
    if (status == STATUS_OK)
        status = set_mark(shard);
    if (status == STATUS_OK)
        status = open_dataset(shard, shard->hdf5);
    if (status != STATUS_OK)
        hdf5_close(shard);
    return status;
}

/* Big-endian datasets are turned round here: what is hashed and used is little-endian. */
static enum status hdf5_read(struct shard *shard, int64_t first, int64_t n, void *raw)
{
    hsize_t start[TENSOR_MAX_DIM] = {(hsize_t)first}, count[TENSOR_MAX_DIM] = {(hsize_t)n};
    for (int k = 1; k < shard->n_dim; k++)
        count[k] = (hsize_t)shard->dims[k];
    hid_t memory = H5Screate_simple(shard->n_dim, count, NULL);
    hid_t space = H5Dget_space(shard->hdf5->dataset);
    hid_t type = hdf5_shard_type(shard->type, H5T_ORDER_LE);
    enum status status = STATUS_OK;
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dread(shard->hdf5->dataset, type, memory, space, H5P_DEFAULT, raw) < 0)
        status = hdf5_shard_fail(shard, "rows cannot be read");
    H5Tclose(type);
    H5Sclose(space);
    H5Sclose(memory);
    return status;
}

const struct format hdf5_format = {
    .separator = ":",
    .kind = SEGMENT_LOGICAL,
    .piece_bytes = INT64_MAX,
    .open = hdf5_open,
    .describe = hdf5_shard_describe,
    .read = hdf5_read,
    .close = hdf5_close,
};
