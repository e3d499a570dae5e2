#include "table/load.h"

#include "base/memory.h"

int64_t table_extent_of(const struct table_reader *reader, const char *path, int dim)
{
    const struct dataset *dataset = table_find(reader, path);
    return dataset != NULL && dataset->n_dim > dim ? dataset->dims[dim] : 0;
}

void *table_load(struct table_reader *reader, const char *path, enum table_type type, int64_t n)
{
    const struct dataset *dataset = table_find(reader, path);
    int64_t bytes;
    if (dataset == NULL || dataset->type != type || !dataset_bytes(dataset, &bytes) ||
        bytes / dataset_element_bytes(dataset) != n)
        return NULL;
    void *data = memory_allocate(n, (size_t)dataset_element_bytes(dataset));
    if (table_read(reader, path, 0, dataset_rows(dataset), data) == STATUS_OK)
        return data;
    memory_free(data);
    return NULL;
}

char *table_load_text(struct table_reader *reader, const char *path, int64_t i)
{
    const struct dataset *dataset = table_find(reader, path);
    if (dataset == NULL || dataset->type != TABLE_STRING || dataset->n_dim > 1 || i < 0 || i >= dataset_rows(dataset))
        return NULL;
    char *value = memory_allocate(dataset->string_bytes + 1, 1);
    if (table_read(reader, path, i, 1, value) == STATUS_OK)
        return value;
    memory_free(value);
    return NULL;
}
