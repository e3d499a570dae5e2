#include "policy/view.h"

#include "table/load.h"

enum status policy_view_open(const char *path, struct policy_view *view)
{
    *view = (struct policy_view){0};
    enum status status = table_open(path, &view->reader);
    if (status != STATUS_OK)
        return status;
    view->n_probe = table_extent_of(view->reader, "/probes/id", 0);
    view->n_behaviour = table_extent_of(view->reader, "/coefficients", 0);
    view->n_feature = table_extent_of(view->reader, "/coefficients", 1);
    view->n_pair = table_extent_of(view->reader, "/pairs/id", 0);
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
    return table_load(view->reader, path, type, n);
}

char *policy_view_text(struct policy_view *view, const char *path, int64_t i)
{
    return table_load_text(view->reader, path, i);
}
