#include <string.h>

#include "table/parallel.h"
#include "table/transfer.h"

enum { TRANSFER_BYTES = 1 << 30 };

static const struct column *find(const struct table *table, const char *path)
{
    for (int i = 0; i < table->n_column; i++)
        if (strcmp(table->columns[i].shape.path, path) == 0)
            return &table->columns[i];
    return NULL;
}

/* Writes `from`, or reads into `into`: the other one is NULL. */
static enum status do_transfer(const struct table *table, const struct column *column, const struct transfer *transfer,
                               const void *from, void *into)
{
    hsize_t start[TABLE_MAX_DIM], count[TABLE_MAX_DIM], n_element = (hsize_t)transfer->n_element;
    for (int i = 0; i < TABLE_MAX_DIM; i++) {
        start[i] = (hsize_t)transfer->start[i];
        count[i] = (hsize_t)transfer->count[i];
    }
    hid_t in_file = H5Dget_space(column->id), in_memory = H5Screate_simple(1, &n_element, NULL);
    hid_t type = storage_type(column->shape.type, column->shape.string_bytes);
    ASSERT(in_file >= 0 && in_memory >= 0);
    if (column->shape.n_dim > 0)
        ASSERT(H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0);
    enum status status = STATUS_OK;
    /* The default transfer is an independent one: nobody waits for ranks that write more, or nothing. */
    if (from != NULL && H5Dwrite(column->id, type, in_memory, in_file, H5P_DEFAULT, from) < 0)
        status = storage_fail(CANNOT_WRITE, table->partial, column->shape.path, "writing failed");
    if (into != NULL && H5Dread(column->id, type, in_memory, in_file, H5P_DEFAULT, into) < 0)
        status = storage_fail(CANNOT_WRITE, table->partial, column->shape.path, "reading back failed");
    H5Tclose(type);
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return status;
}

static enum status do_rows(const struct table *table, const char *path, int64_t first, int64_t n, const char *from,
                           char *into)
{
    const struct column *column = find(table, path);
    ASSERT(column != NULL);
    ASSERT(first >= 0 && n >= 0 && n <= dataset_rows(&column->shape) - first);
    struct transfers transfers;
    transfers_plan(&column->shape, first, n, TRANSFER_BYTES, &transfers);
    enum status status = STATUS_OK;
    for (int64_t i = 0; status == STATUS_OK && i < transfers.n_transfer; i++) {
        struct transfer transfer;
        transfers_get(&transfers, i, &transfer);
        status = do_transfer(table, column, &transfer, from ? from + transfer.offset : NULL,
                             into ? into + transfer.offset : NULL);
    }
    return status;
}

enum status table_write(struct table *table, const char *path, int64_t first, int64_t n, const void *data)
{
    return do_rows(table, path, first, n, data, NULL);
}

enum status table_recall(const struct table *table, const char *path, int64_t first, int64_t n, void *data)
{
    return do_rows(table, path, first, n, NULL, data);
}
