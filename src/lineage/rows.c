#include "lineage/rows.h"

enum status rows_write(struct table *table, const struct rows *rows, size_t n)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < n && status == STATUS_OK; i++)
        if (rows[i].data != NULL && rows[i].n > 0)
            status = table_write(table, rows[i].path, rows[i].first, rows[i].n, rows[i].data);
    return status;
}
