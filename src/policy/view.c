#include "policy/view.h"

#include "base/memory.h"

static int64_t extent(const struct policy_view *view, const char *path, int dim)
{
    const struct dataset *dataset = table_find(view->reader, path);
    return dataset != NULL && dataset->n_dim > dim ? dataset->dims[dim] : 0;
}

enum status policy_view_open(const char *path, struct policy_view *view)
{
    *view = (struct policy_view){0};
    enum status status = table_open(path, &view->reader);
    if (status != STATUS_OK)
        return status;
    view->n_probe = extent(view, "/probes/id", 0);
    view->n_behaviour = extent(view, "/coefficients", 0);
    view->n_feature = extent(view, "/coefficients", 1);
    view->n_pair = extent(view, "/pairs/id", 0);
    if (view->n_probe > 0 && view->n_behaviour > 0 && view->n_feature > 0)
        return STATUS_OK;
    policy_view_close(view);
    return fail(BAD_INPUT, "%s: expected the datasets of a policy table; some are missing", path);
}

void policy_view_close(struct policy_view *view)
{
    table_reader_close(view->reader);
    *view = (struct policy_view){0};
}

void *policy_view_load(struct policy_view *view, const char *path, enum table_type type, int64_t n)
{
    const struct dataset *dataset = table_find(view->reader, path);
    int64_t bytes;
    if (dataset == NULL || dataset->type != type || !dataset_bytes(dataset, &bytes) ||
        bytes / dataset_element_bytes(dataset) != n)
        return NULL;
    void *data = memory_allocate(n, (size_t)dataset_element_bytes(dataset));
    if (table_read(view->reader, path, 0, dataset_rows(dataset), data) == STATUS_OK)
        return data;
    memory_free(data);
    return NULL;
}

char *policy_view_text(struct policy_view *view, const char *path, int64_t i)
{
    const struct dataset *dataset = table_find(view->reader, path);
    if (dataset == NULL || dataset->type != TABLE_STRING || i < 0 || i >= dataset_rows(dataset))
        return NULL;
    char *value = memory_allocate(dataset->string_bytes + 1, 1);
    if (table_read(view->reader, path, i, 1, value) == STATUS_OK)
        return value;
    memory_free(value);
    return NULL;
}
