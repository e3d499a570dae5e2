#include "table/read.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static enum status open_file(struct table_reader *reader)
{
    /* First by name, for a sentence that people understand. */
    enum status status = file_size(reader->path, &reader->file_bytes);
    if (status != STATUS_OK)
        return status;
    hid_t access = storage_access();
    reader->file = H5Fopen(reader->path, H5F_ACC_RDONLY, access);
    if (reader->file < 0)
        status = storage_fail(BAD_INPUT, reader->path, NULL, "expected an HDF5 file");
    H5Pclose(access);
    return status;
}

enum status table_open(const char *path, struct table_reader **reader)
{
    storage_quiet();
    struct table_reader *made = memory_allocate(1, sizeof *made);
    made->path = memory_copy_text(path);
    made->file = H5I_INVALID_HID;
    enum status status = open_file(made);
    if (status == STATUS_OK)
        status = reader_scan_attributes(made);
    if (status == STATUS_OK)
        status = reader_scan_datasets(made);
    if (status == STATUS_OK)
        *reader = made;
    else
        table_reader_close(made);
    return status;
}

void table_reader_close(struct table_reader *reader)
{
    if (reader == NULL)
        return;
    for (int i = 0; i < reader->n_column; i++) {
        struct read_column *column = &reader->columns[i];
        if (column->id >= 0)
            H5Dclose(column->id);
        memory_free((char *)column->shape.path);
        memory_free((char *)column->shape.unit);
        memory_free((char *)column->shape.text);
    }
    for (int i = 0; i < reader->n_attribute; i++) {
        memory_free((char *)reader->attributes[i].name);
        memory_free((char *)reader->attributes[i].value);
    }
    if (reader->file >= 0)
        H5Fclose(reader->file);
    memory_free(reader->columns);
    memory_free(reader->attributes);
    memory_free(reader->path);
    memory_free(reader);
}

int table_count(const struct table_reader *reader)
{
    return reader->n_column;
}

const struct dataset *table_dataset(const struct table_reader *reader, int i)
{
    ASSERT(i >= 0 && i < reader->n_column);
    return &reader->columns[i].shape;
}

static struct read_column *find(const struct table_reader *reader, const char *path)
{
    for (int i = 0; i < reader->n_column; i++)
        if (strcmp(reader->columns[i].shape.path, path) == 0)
            return &reader->columns[i];
    return NULL;
}

const struct dataset *table_find(const struct table_reader *reader, const char *path)
{
    const struct read_column *column = find(reader, path);
    return column ? &column->shape : NULL;
}

const char *table_attribute(const struct table_reader *reader, const char *name)
{
    for (int i = 0; i < reader->n_attribute; i++)
        if (strcmp(reader->attributes[i].name, name) == 0)
            return reader->attributes[i].value;
    return NULL;
}

void table_extent(const struct table_reader *reader, int i, int64_t *offset, int64_t *bytes)
{
    ASSERT(i >= 0 && i < reader->n_column);
    *offset = reader->columns[i].offset;
    *bytes = reader->columns[i].bytes;
}

static enum status read_rows(const struct table_reader *reader, const struct read_column *column, int64_t first,
                             int64_t n, void *data)
{
    const struct dataset *shape = &column->shape;
    hsize_t start[TABLE_MAX_DIM] = {0}, count[TABLE_MAX_DIM] = {0}, n_element = (hsize_t)n;
    for (int i = 0; i < shape->n_dim; i++)
        count[i] = (hsize_t)shape->dims[i];
    for (int i = 1; i < shape->n_dim; i++)
        n_element *= count[i];
    start[0] = (hsize_t)first;
    count[0] = (hsize_t)n;
    hid_t in_file = H5Dget_space(column->id), in_memory = H5Screate_simple(1, &n_element, NULL);
    hid_t type = H5Dget_type(column->id); /* as it is stored */
    ASSERT(in_file >= 0 && in_memory >= 0 && type >= 0);
    if (shape->n_dim > 0)
        ASSERT(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0);
    enum status status = STATUS_OK;
    if (H5Dread(column->id, type, in_memory, in_file, H5P_DEFAULT, data) < 0)
        status = storage_fail(BAD_INPUT, reader->path, shape->path, "reading failed");
    H5Tclose(type);
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return status;
}

enum status table_read(struct table_reader *reader, const char *path, int64_t first, int64_t n, void *data)
{
    const struct read_column *column = find(reader, path);
    if (column == NULL)
        return fail(BAD_INPUT, "%s: expected a dataset %s, found none", reader->path, path);
    int64_t rows = dataset_rows(&column->shape);
    if (first < 0 || n < 0 || n > rows || first > rows - n)
        return fail(BAD_INPUT, "%s: %s: expected %lld rows from row %lld, found %lld rows in all", reader->path, path,
                    (long long)n, (long long)first, (long long)rows);
    return n == 0 || column->bytes == 0 ? STATUS_OK : read_rows(reader, column, first, n, data);
}
