#include "table/layout.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "table/storage.h"

enum {
    MANY = 65535,        /* links and attributes per object that are kept in its header: always */
    BASE_BYTES = 1 << 16 /* metadata of an empty table, with room */
};

/* Bounds the bytes of the finished file, so that a disk that is too small is found before HDF5 writes to it: it does
 * not recover from a close that fails. */
static enum status bound_bytes(const char *file, const struct table_layout *layout, int64_t *bound)
{
    *bound = BASE_BYTES;
    for (int i = 0; i < layout->n_attribute; i++) {
        const struct table_attribute *attribute = &layout->attributes[i];
        int64_t text = (int64_t)strlen(attribute->value);
        if (text > STORAGE_TEXT_BYTES)
            return fail(CANNOT_WRITE, "%s: attribute %s: expected at most %d bytes, found %lld", file, attribute->name,
                        STORAGE_TEXT_BYTES, (long long)text);
        *bound += 1024 + 2 * text;
    }
    for (int i = 0; i < layout->n_dataset; i++) {
        const struct dataset *dataset = &layout->datasets[i];
        int64_t bytes, text = (int64_t)(strlen(dataset->path) + strlen(dataset->unit) + strlen(dataset->text));
        if (!dataset_bytes(dataset, &bytes) || __builtin_add_overflow(*bound, bytes, bound) ||
            __builtin_add_overflow(*bound, 4096 + 2 * text, bound))
            return fail(CANNOT_WRITE, "%s: %s: expected a shape whose bytes fit a file, found more than 2^63", file,
                        dataset->path);
    }
    return STATUS_OK;
}

/* No times, and no structures but plain object headers: the bytes then depend on what is laid out alone. */
static hid_t plain(hid_t class)
{
    hid_t properties = H5Pcreate(class);
    ASSERT(properties >= 0 && H5Pset_obj_track_times(properties, false) >= 0);
    ASSERT(H5Pset_attr_phase_change(properties, MANY, MANY) >= 0);
    if (class != H5P_DATASET_CREATE)
        ASSERT(H5Pset_link_phase_change(properties, MANY, MANY) >= 0);
    return properties;
}

static enum status add_attribute(const char *file, hid_t object, const char *name, const char *value)
{
    /* An empty value becomes one zero byte, which is padding again when it is read. */
    hid_t type = storage_string((int64_t)strlen(value)), space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    enum status status = STATUS_OK;
    if (id < 0 || H5Awrite(id, type, value) < 0)
        status = storage_fail(CANNOT_WRITE, file, name, "the attribute cannot be laid out");
    if (id >= 0)
        H5Aclose(id);
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

/* Every group on the way to a dataset.  HDF5 could make them by itself, but then with times. */
static enum status add_groups(const char *file, hid_t id, const char *path)
{
    ASSERT(path[0] == '/' && path[1] != 0);
    char *group = memory_copy_text(path);
    hid_t properties = plain(H5P_GROUP_CREATE);
    enum status status = STATUS_OK;
    for (char *slash = strchr(group + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (H5Lexists(id, group, H5P_DEFAULT) <= 0) {
            hid_t made = H5Gcreate2(id, group, H5P_DEFAULT, properties, H5P_DEFAULT);
            if (made < 0)
                status = storage_fail(CANNOT_WRITE, file, group, "the group cannot be laid out");
            else
                H5Gclose(made);
        }
        if (status != STATUS_OK)
            break;
        *slash = '/';
    }
    H5Pclose(properties);
    memory_free(group);
    return status;
}

static enum status create_dataset(const char *file, hid_t id, const struct dataset *dataset, hid_t *made)
{
    hsize_t dims[TABLE_MAX_DIM] = {0};
    for (int i = 0; i < dataset->n_dim; i++)
        dims[i] = (hsize_t)dataset->dims[i];
    hid_t properties = plain(H5P_DATASET_CREATE), type = storage_type(dataset->type, dataset->string_bytes);
    ASSERT(H5Pset_layout(properties, H5D_CONTIGUOUS) >= 0);
    ASSERT(H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY) >= 0);
    ASSERT(H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) >= 0);
    hid_t space = dataset->n_dim == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(dataset->n_dim, dims, NULL);
    enum status status = STATUS_OK;
    *made = H5Dcreate2(id, dataset->path, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    if (*made < 0)
        status = storage_fail(CANNOT_WRITE, file, dataset->path, "the dataset cannot be laid out");
    H5Sclose(space);
    H5Tclose(type);
    H5Pclose(properties);
    return status;
}

static enum status add_dataset(const char *file, hid_t id, const struct dataset *dataset)
{
    hid_t made = H5I_INVALID_HID;
    enum status status = add_groups(file, id, dataset->path);
    if (status == STATUS_OK)
        status = create_dataset(file, id, dataset, &made);
    if (status == STATUS_OK)
        status = add_attribute(file, made, "unit", dataset->unit);
    if (status == STATUS_OK)
        status = add_attribute(file, made, "description", dataset->text);
    if (made >= 0 && H5Dclose(made) < 0 && status == STATUS_OK)
        status = storage_fail(CANNOT_WRITE, file, dataset->path, "the dataset cannot be closed");
    return status;
}

static enum status write_metadata(const char *file, const struct table_layout *layout)
{
    hid_t creation = plain(H5P_FILE_CREATE), access = storage_access();
    ASSERT(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0);
    hid_t id = H5Fcreate(file, H5F_ACC_TRUNC, creation, access);
    enum status status = id < 0 ? storage_fail(CANNOT_WRITE, file, NULL, "the file cannot be laid out") : STATUS_OK;
    H5Pclose(access);
    H5Pclose(creation);
    for (int i = 0; status == STATUS_OK && i < layout->n_attribute; i++)
        status = add_attribute(file, id, layout->attributes[i].name, layout->attributes[i].value);
    for (int i = 0; status == STATUS_OK && i < layout->n_dataset; i++)
        status = add_dataset(file, id, &layout->datasets[i]);
    if (id >= 0 && !storage_close(id) && status == STATUS_OK)
        status = storage_fail(CANNOT_WRITE, file, NULL, "closing the laid out file failed");
    return status;
}

enum status table_layout_store(const char *file, const struct table_layout *layout)
{
    char *directory = path_directory(file);
    int64_t bytes = 0;
    enum status status = directory_make(directory);
    memory_free(directory);
    if (status == STATUS_OK)
        status = bound_bytes(file, layout, &bytes);
    if (status != STATUS_OK)
        return status;
    unlink(file); /* what a link of this name points to is not ours to overwrite */
    status = table_reserve(file, bytes);
    if (status == STATUS_OK)
        status = write_metadata(file, layout);
    if (status == STATUS_OK)
        status = file_size(file, &bytes);
    if (status == STATUS_OK)
        status = table_reserve(file, bytes);
    if (status != STATUS_OK)
        unlink(file);
    return status;
}

static enum status write_whole(const char *file, hid_t id, const struct dataset *dataset, const void *data)
{
    hid_t made = H5Dopen2(id, dataset->path, H5P_DEFAULT), type = storage_type(dataset->type, dataset->string_bytes);
    enum status status = STATUS_OK;
    if (made < 0 || (dataset_rows(dataset) > 0 && H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0))
        status = storage_fail(CANNOT_WRITE, file, dataset->path, "writing failed");
    if (made >= 0)
        H5Dclose(made);
    H5Tclose(type);
    return status;
}

enum status table_layout_extend(const char *file, const struct table_layout *layout, const void *const *data)
{
    hid_t access = storage_access();
    ASSERT(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0);
    hid_t id = H5Fopen(file, H5F_ACC_RDWR, access);
    enum status status = id < 0 ? storage_fail(CANNOT_WRITE, file, NULL, "the file cannot be opened") : STATUS_OK;
    H5Pclose(access);
    for (int i = 0; status == STATUS_OK && i < layout->n_attribute; i++)
        status = add_attribute(file, id, layout->attributes[i].name, layout->attributes[i].value);
    for (int i = 0; status == STATUS_OK && i < layout->n_dataset; i++) {
        status = add_dataset(file, id, &layout->datasets[i]);
        if (status == STATUS_OK)
            status = write_whole(file, id, &layout->datasets[i], data[i]);
    }
    if (id >= 0 && !storage_close(id) && status == STATUS_OK)
        status = storage_fail(CANNOT_WRITE, file, NULL, "closing the extended file failed");
    return status;
}
