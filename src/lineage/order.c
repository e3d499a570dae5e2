#include "lineage/order.h"

#include <string.h>

#include "base/memory.h"

enum status order_open(const char *directory, const char *name, struct order *order)
{
    *order = (struct order){0};
    enum status status = tensor_open(directory, name, &order->tensor);
    if (status != STATUS_OK)
        return status;
    enum tensor_type type = tensor_type(order->tensor);
    order->n_step = tensor_rows(order->tensor);
    order->width = tensor_columns(order->tensor);
    int64_t dims[TENSOR_MAX_DIM];
    if (type != TENSOR_I64 && type != TENSOR_I32 && type != TENSOR_I16)
        status =
            fail(BAD_INPUT, "%s: expected sample indices as i64, i32 or i16, found %s", name, tensor_type_name(type));
    else if (tensor_dimensions(order->tensor, dims) != 2)
        status = fail(BAD_INPUT, "%s: expected steps x batch, found %d dimensions", name,
                      tensor_dimensions(order->tensor, dims));
    if (status != STATUS_OK)
        order_close(order);
    return status;
}

void order_close(struct order *order)
{
    tensor_close(order->tensor);
    *order = (struct order){0};
}

static int64_t element(enum tensor_type type, const void *raw, int64_t i)
{
    if (type == TENSOR_I64)
        return ((const int64_t *)raw)[i];
    return type == TENSOR_I32 ? ((const int32_t *)raw)[i] : ((const int16_t *)raw)[i];
}

enum status order_read(struct order *order, int64_t first, int64_t n, int64_t *samples, struct segment_list *segments)
{
    enum tensor_type type = tensor_type(order->tensor);
    void *raw = memory_allocate_raw(n * order->width, tensor_type_size(type));
    enum status status = tensor_read(order->tensor, first, n, raw, segments);
    for (int64_t i = 0; i < n && status == STATUS_OK; i++) {
        int64_t *row = samples + i * order->width, kept = 0;
        for (int64_t k = 0; k < order->width && status == STATUS_OK; k++) {
            int64_t sample = element(type, raw, i * order->width + k);
            if (sample < -1)
                status = fail(BAD_INPUT, "%s: row %lld, column %lld: expected a sample index or -1, found %lld",
                              tensor_name(order->tensor), (long long)(first + i), (long long)k, (long long)sample);
            if (sample >= 0)
                row[kept++] = sample;
        }
        while (kept < order->width)
            row[kept++] = -1;
    }
    memory_free(raw);
    return status;
}

int64_t order_count(const int64_t *row, int64_t width)
{
    int64_t n = 0;
    while (n < width && row[n] >= 0)
        n++;
    return n;
}
